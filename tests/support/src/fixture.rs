//! Sample data on an embedded table: users, a market and a product, created by domain commands.
//!
//! The ids are those that the events under `events/` refer to.

use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::market::{Market, MarketEvent, MarketStatus};
use shared::domain::order::place::{OrderItem, PlaceOrder};
use shared::domain::order::{Order, OrderId};
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, NewProduct, StockedProduct};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role, User, UserEvent, UserStatus};
use shared::domain::values::actor::Actor;
use shared::domain::values::id::{Id, Identified};
use shared::domain::values::money::{Amount, Money, Quantity};
use shared::kit::auth::access_token::{TokenSigner, TokenSubject};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::command::{Change, Command, CommandContext, CorrelationId, Entity, ReadSet, Store, Version};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::kit::system::config::Environment;

use crate::TestTable;

/// Id of the buyer.
pub const BUYER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRB";
/// Id of the seller.
pub const SELLER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Id of a user who is neither buyer nor seller.
pub const STRANGER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRX";
/// Id of the moderator.
pub const MODERATOR: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRM";
/// Id of the seller's market.
pub const MARKET: &str = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Id of a product of the market: ten mugs at 19.99 EUR each.
pub const PRODUCT: &str = "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Id of the buyer's order of two mugs.
pub const ORDER: &str = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// An embedded table with adapters.
pub struct Marketplace {
    /// Embedded table.
    pub table: TestTable,
    /// Executes commands.
    pub store: DynamoStore,
    /// Executes queries.
    pub reader: DynamoReader,
    signer: TokenSigner,
}

/// Parses an id.
///
/// # Panics
/// If `text` is not an id of this type.
#[must_use]
pub fn id<T: Identified>(text: &str) -> Id<T> {
    text.parse().expect("the id is well-formed")
}

/// Generates an id.
#[must_use]
pub fn new_id<T: Identified>() -> Id<T> {
    Id::generate(SystemClock.now(), &SystemEntropy)
}

/// Actor with this user id and role.
#[must_use]
pub fn actor(user: &str, role: Role) -> Actor {
    Actor { user: id(user), role }
}

/// The buyer.
#[must_use]
pub fn buyer() -> Actor {
    actor(BUYER, Role::User)
}

/// The seller.
#[must_use]
pub fn seller() -> Actor {
    actor(SELLER, Role::User)
}

/// A user who is neither buyer nor seller.
#[must_use]
pub fn stranger() -> Actor {
    actor(STRANGER, Role::User)
}

/// The moderator.
#[must_use]
pub fn moderator() -> Actor {
    actor(MODERATOR, Role::Moderator)
}

/// An amount in euro cents.
///
/// # Panics
/// If the amount is out of bounds.
#[must_use]
pub fn cents(amount: i64) -> Money {
    let amount = Amount::try_from(amount).expect("the amount is within bounds");
    Money::new(amount, "EUR".parse().expect("the euro is a currency"))
}

/// Context of a command at the time `at`, with a constant correlation id.
///
/// # Panics
/// Never.
#[must_use]
pub fn test_context(at: Timestamp) -> CommandContext {
    let correlation = CorrelationId::try_from("a-test".to_owned());
    CommandContext::new(correlation.expect("the correlation id is well-formed"), at)
}

impl Marketplace {
    /// Creates an empty table.
    ///
    /// # Panics
    /// If the local stack does not start.
    pub async fn empty() -> Self {
        // Boxed, here and below: the compiler rejects futures that are nested more deeply.
        let table = Box::pin(TestTable::open()).await;
        let signer =
            TokenSigner::from_env(&table.environment("api-auth")).expect("the signing keys are valid");
        let (store, reader) = (DynamoStore::new(table.table()), DynamoReader::new(table.table()));
        Self { table, store, reader, signer }
    }

    /// Creates a table with the users, the market and its product.
    ///
    /// # Panics
    /// If a command fails.
    pub async fn with_sample_data() -> Self {
        let marketplace = Box::pin(Self::empty()).await;
        for (actor, name) in
            [(buyer(), "buyer"), (seller(), "seller"), (stranger(), "stranger"), (moderator(), "moderator")]
        {
            marketplace.user(actor, name).await;
        }
        marketplace.market(MARKET, seller(), InitialStatus::Active).await;
        marketplace.product(PRODUCT, MARKET, seller(), "MUG-1", 1_999, 10).await;
        marketplace
    }

    /// Environment variables of a function.
    #[must_use]
    pub fn env(&self, function: &str) -> Environment {
        self.table.environment(function)
    }

    /// Value of the `Authorization` header of `actor`.
    #[must_use]
    pub fn token(&self, actor: Actor) -> String {
        self.token_at(actor, SystemClock.now())
    }

    /// Same as [`token`](Self::token), issued at `at`.
    ///
    /// # Panics
    /// If the token cannot be signed.
    #[must_use]
    pub fn token_at(&self, actor: Actor, at: Timestamp) -> String {
        let role = match actor.role {
            Role::User => "user",
            Role::Moderator => "moderator",
            Role::Admin => "admin",
        };
        let user = actor.user.to_string();
        let subject = TokenSubject { user: &user, role, session: "ses_of_a_test" };
        let signed = self.signer.sign(subject, "jti".to_owned(), at);
        format!("Bearer {}", signed.expect("the key signs"))
    }

    /// Replaces the placeholder of the `authorization` header in an event with a token of `actor`.
    #[must_use]
    pub fn signed(&self, mut event: Value, actor: Actor) -> Value {
        if let Some(header) = event.pointer_mut("/headers/authorization") {
            *header = Value::String(self.token(actor));
        }
        event
    }

    /// Executes a command now.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn run<C: Command>(&self, command: C) -> C::Output {
        self.run_at(SystemClock.now(), command).await
    }

    /// Executes a command at the time `at`.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn run_at<C: Command>(&self, at: Timestamp, command: C) -> C::Output {
        let executed = Box::pin(self.store.execute(command, &test_context(at))).await;
        executed.expect("the command succeeds").into_output()
    }

    /// Stores an entity without applying domain rules.
    ///
    /// # Panics
    /// If the entity has changed since it was read.
    pub async fn put_entity<R: Entity>(&self, entity: R, event: R::Event)
    where
        R::Event: Clone,
        R::Id: ToString,
    {
        self.run(PutEntity { entity, event }).await;
    }

    /// Registers a user with an address at `example.com` and no password.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn user(&self, actor: Actor, name: &str) -> User {
        let email = format!("{name}@example.com").parse().expect("the address is well-formed");
        let credentials = Credentials { password_hash: String::new() };
        let name = name.parse().expect("the name is well-formed");
        self.run(RegisterUser { id: actor.user, email, name, role: actor.role, credentials }).await
    }

    /// Suspends an account.
    pub async fn suspend(&self, user: User) {
        let event = UserEvent::Registered { user_id: user.id };
        let version = user.version.next();
        self.put_entity(User { status: UserStatus::Suspended, version, ..user }, event).await;
    }

    /// Creates a market in EUR without products.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn market(&self, market: &str, by: Actor, status: InitialStatus) -> Market {
        let name = "Mugs and more".parse().expect("the name is well-formed");
        let currency = "EUR".parse().expect("the euro is a currency");
        let (id, products, description) = (id(market), Vec::new(), None);
        self.run(CreateMarket { id, by, name, description, currency, status, products }).await
    }

    /// Sets the status of a market, including those that no command sets.
    pub async fn set_market_status(&self, market: Market, status: MarketStatus) {
        let event = MarketEvent::Created { market_id: market.id };
        let version = market.version.next();
        self.put_entity(Market { status, version, ..market }, event).await;
    }

    /// Creates a product with this SKU, price in cents, and stock.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn product(
        &self,
        product: &str,
        market: &str,
        by: Actor,
        sku: &str,
        price: i64,
        stock: i64,
    ) -> StockedProduct {
        let product = NewProduct {
            id: id(product),
            sku: sku.parse().expect("the SKU is well-formed"),
            title: "Mug".parse().expect("the title is well-formed"),
            description: None,
            price: cents(price),
            stock,
        };
        self.run(CreateProduct { market_id: id(market), by, product }).await
    }

    /// Places the buyer's order of two mugs with the id [`ORDER`].
    pub async fn order(&self, payment_method: Option<&str>) -> Order {
        self.order_of(id(ORDER), id(PRODUCT), 2, payment_method).await
    }

    /// Places an order of the buyer.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn order_of(
        &self,
        id: OrderId,
        product_id: ProductId,
        quantity: i64,
        payment_method: Option<&str>,
    ) -> Order {
        let quantity = Quantity::try_from(quantity).expect("the quantity is within bounds");
        let items = vec![OrderItem { product_id, quantity, expected_price: None }];
        let payment_method = payment_method.map(|method| method.parse().expect("the method is well-formed"));
        self.run(PlaceOrder { id, by: buyer(), items, payment_method }).await
    }
}

/// Command of [`Marketplace::put_entity`].
struct PutEntity<R: Entity> {
    entity: R,
    event: R::Event,
}

impl<R: Entity> Command for PutEntity<R>
where
    R::Event: Clone,
    R::Id: ToString,
{
    type State = ();
    type Output = Version;
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<Version, Infallible>, Infallible> {
        Ok(Change::of(self.entity.version()).save(&self.entity, self.event.clone()))
    }
}

/// A clock that only [`advance`](Self::advance) and [`sleep`](Clock::sleep) move. It records each sleep.
#[derive(Debug, Clone)]
pub struct ManualClock {
    millis: Arc<AtomicI64>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl ManualClock {
    /// Creates a clock at this time.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self { millis: Arc::new(AtomicI64::new(moment.as_millis())), waits: Arc::default() }
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Durations of all sleeps so far.
    #[must_use]
    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
