//! A table with people, a market and a product in it, put there by the domain's own commands.
//!
//! The ids are the ones that the events under `events/` name, so that each of them meets what it asks for.

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
use shared::kit::auth::access_token::TokenSigner;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::command::{Change, Command, CommandContext, CorrelationId, Entity, ReadSet, Store, Version};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::kit::system::config::Environment;

use crate::TestTable;

/// Who buys.
pub const BUYER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRB";
/// Who sells.
pub const SELLER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Who has nothing to do with either.
pub const STRANGER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRX";
/// Who looks after what others do.
pub const MODERATOR: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRM";
/// The seller's market.
pub const MARKET: &str = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// A product of the market: ten mugs at 19.99 EUR each.
pub const PRODUCT: &str = "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// An order of the buyer's: two mugs.
pub const ORDER: &str = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// A table, and the adapters that work on it.
pub struct Marketplace {
    /// The table.
    pub table: TestTable,
    /// Carries out commands on it.
    pub store: DynamoStore,
    /// Answers queries from it.
    pub reader: DynamoReader,
    signer: TokenSigner,
}

/// The id that `text` spells.
///
/// # Panics
/// If it spells none of that kind.
#[must_use]
pub fn id<T: Identified>(text: &str) -> Id<T> {
    text.parse().expect("the id is well-formed")
}

/// A new id.
#[must_use]
pub fn new_id<T: Identified>() -> Id<T> {
    Id::generate(SystemClock.now(), &SystemEntropy)
}

/// The user with this id, in this role.
#[must_use]
pub fn actor(user: &str, role: Role) -> Actor {
    Actor { user: id(user), role }
}

/// Who buys.
#[must_use]
pub fn buyer() -> Actor {
    actor(BUYER, Role::User)
}

/// Who sells.
#[must_use]
pub fn seller() -> Actor {
    actor(SELLER, Role::User)
}

/// Who has nothing to do with either.
#[must_use]
pub fn stranger() -> Actor {
    actor(STRANGER, Role::User)
}

/// Who looks after what others do.
#[must_use]
pub fn moderator() -> Actor {
    actor(MODERATOR, Role::Moderator)
}

/// So many euro cents.
///
/// # Panics
/// If nothing costs that much.
#[must_use]
pub fn cents(amount: i64) -> Money {
    let amount = Amount::try_from(amount).expect("the amount is within bounds");
    Money::new(amount, "EUR".parse().expect("the euro is a currency"))
}

/// The cause of something that happens at `at`, for no reason that matters.
///
/// # Panics
/// Never.
#[must_use]
pub fn cause(at: Timestamp) -> CommandContext {
    let correlation = CorrelationId::try_from("a-test".to_owned());
    CommandContext::new(correlation.expect("the correlation id is well-formed"), at)
}

impl Marketplace {
    /// An empty table.
    ///
    /// # Panics
    /// If it does not open.
    pub async fn empty() -> Self {
        // Boxed, here and below: the compiler gives up on futures nested so deeply.
        let table = Box::pin(TestTable::open()).await;
        let signer = TokenSigner::from_env(&table.environment("api-auth")).expect("the keys read");
        let (store, reader) = (DynamoStore::new(table.table()), DynamoReader::new(table.table()));
        Self { table, store, reader, signer }
    }

    /// A table with the market, its product, and the people.
    ///
    /// # Panics
    /// If one of them cannot be put there.
    pub async fn open() -> Self {
        let scene = Box::pin(Self::empty()).await;
        for (actor, name) in
            [(buyer(), "buyer"), (seller(), "seller"), (stranger(), "stranger"), (moderator(), "moderator")]
        {
            scene.person(actor, name).await;
        }
        scene.market(MARKET, seller(), InitialStatus::Active).await;
        scene.product(PRODUCT, MARKET, seller(), ("MUG-1", 1_999, 10)).await;
        scene
    }

    /// The variables of a function, by its stem.
    #[must_use]
    pub fn env(&self, function: &str) -> Environment {
        self.table.environment(function)
    }

    /// What `actor` puts into the `Authorization` header.
    #[must_use]
    pub fn token(&self, actor: Actor) -> String {
        self.token_at(actor, SystemClock.now())
    }

    /// As [`token`](Self::token), issued at `at`.
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
        let signed = self.signer.sign((&user, role), "ses_of_a_test", "jti".to_owned(), at);
        format!("Bearer {}", signed.expect("the key signs"))
    }

    /// The event with its placeholder replaced by an access token of `actor`'s.
    #[must_use]
    pub fn signed(&self, mut event: Value, actor: Actor) -> Value {
        if let Some(header) = event.pointer_mut("/headers/authorization") {
            *header = Value::String(self.token(actor));
        }
        event
    }

    /// Carries out a command now.
    ///
    /// # Panics
    /// If it is refused, or the table fails.
    pub async fn run<C: Command>(&self, command: C) -> C::Output {
        self.run_at(SystemClock.now(), command).await
    }

    /// Carries out a command as if it were `at`.
    ///
    /// # Panics
    /// If it is refused, or the table fails.
    pub async fn run_at<C: Command>(&self, at: Timestamp, command: C) -> C::Output {
        let executed = Box::pin(self.store.execute(command, &cause(at))).await;
        executed.expect("the command is carried out").into_output()
    }

    /// Stores the next version of an entity as it is given, whatever the domain thinks of it.
    ///
    /// # Panics
    /// If somebody else changed it meanwhile.
    pub async fn put_entity<R: Entity>(&self, entity: R, event: R::Event)
    where
        R::Event: Clone,
        R::Id: ToString,
    {
        self.run(Force { entity, event }).await;
    }

    /// Registers somebody, with an address at `example.com` and without a password.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn person(&self, actor: Actor, name: &str) -> User {
        let email = format!("{name}@example.com").parse().expect("the address is well-formed");
        let credentials = Credentials { password_hash: String::new() };
        let name = name.parse().expect("the name is well-formed");
        self.run(RegisterUser { id: actor.user, email, name, role: actor.role, credentials }).await
    }

    /// Suspends somebody's account.
    pub async fn suspend(&self, user: User) {
        let event = UserEvent::Registered { user_id: user.id };
        let version = user.version.next();
        self.put_entity(User { status: UserStatus::Suspended, version, ..user }, event).await;
    }

    /// Opens a market in EUR, without products.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn market(&self, market: &str, by: Actor, status: InitialStatus) -> Market {
        let name = "Mugs and more".parse().expect("the name is well-formed");
        let currency = "EUR".parse().expect("the euro is a currency");
        let (id, products, description) = (id(market), Vec::new(), None);
        self.run(CreateMarket { id, by, name, description, currency, status, products }).await
    }

    /// Moves a market to a status that no command leads to yet.
    pub async fn move_market(&self, market: Market, status: MarketStatus) {
        let event = MarketEvent::Created { market_id: market.id };
        let version = market.version.next();
        self.put_entity(Market { status, version, ..market }, event).await;
    }

    /// Lists a product: its SKU, its price in cents, and how many pieces there are.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn product(
        &self,
        product: &str,
        market: &str,
        by: Actor,
        (sku, price, stock): (&str, i64, i64),
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

    /// The buyer's order of two mugs, as [`ORDER`].
    pub async fn order(&self, payment_method: Option<&str>) -> Order {
        self.order_of(id(ORDER), id(PRODUCT), 2, payment_method).await
    }

    /// An order of the buyer's.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn order_of(
        &self,
        id: OrderId,
        product_id: ProductId,
        pieces: i64,
        payment_method: Option<&str>,
    ) -> Order {
        let quantity = Quantity::try_from(pieces).expect("the quantity is within bounds");
        let items = vec![OrderItem { product_id, quantity, expected_price: None }];
        let payment_method = payment_method.map(|method| method.parse().expect("the method is well-formed"));
        self.run(PlaceOrder { id, by: buyer(), items, payment_method }).await
    }
}

/// Stores an entity as it is given.
struct Force<R: Entity> {
    entity: R,
    event: R::Event,
}

impl<R: Entity> Command for Force<R>
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

/// A clock that stands still until it is moved. Who waits on it moves it, and is written down.
#[derive(Debug, Clone)]
pub struct ManualClock {
    millis: Arc<AtomicI64>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl ManualClock {
    /// A clock that shows this moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self { millis: Arc::new(AtomicI64::new(moment.as_millis())), waits: Arc::default() }
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Every wait so far.
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
