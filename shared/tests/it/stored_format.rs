//! Stored format of every record of the domain: names and values of all attributes. A failing test here means
//! that a change needs a data migration.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::domain::ledger::reconciliation::compare::MismatchKind;
use shared::domain::ledger::reconciliation::cursor::{
    AdvanceCursor, PaymentsCursorKey, ReconciliationCursor, RoundConfig,
};
use shared::domain::ledger::reconciliation::discrepancy::{CloseDiscrepancy, Discrepancy, RecordDiscrepancy};
use shared::domain::ledger::reconciliation::{GatewayRecord, LedgerStatus};
use shared::domain::ledger::{EntryId, JournalEntry};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::market::status_copy::{StatusCopy, StatusCopyKey};
use shared::domain::order::Order;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::attempts::{Attempts, RecordFailedAttempt};
use shared::domain::order::lines::cart::{Cart, CartItem};
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::payment::{Capture, Checkout, ClientSecret, GatewayId, Payment};
use shared::domain::order::place::PlaceOrder;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::domain::product::{Product, SkuClaim, SkuKey, Stock};
use shared::domain::session::end::EndSession;
use shared::domain::session::known_network::{KnownNetwork, KnownNetworkKey, NetworkDigest};
use shared::domain::session::rotate::RotateSession;
use shared::domain::session::start::StartSession;
use shared::domain::session::{Session, SessionKey, TokenHash};
use shared::domain::user::SessionEpoch;
use shared::domain::user::password_reset::PasswordReset;
use shared::domain::user::password_reset::request::RequestPasswordReset;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::update::email_change::{EmailChange, EmailChangeKey};
use shared::domain::user::update::{UpdateUser, UserAdminRights, UserChanges};
use shared::domain::user::{Credentials, EmailClaim, Role, User};
use shared::domain::values::email::Email;
use shared::domain::values::money::Quantity;
use shared::kit::command::{Command, CommandContext, ReadSet, Record, Store, Version};
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::email_dispatch::allowance::{AllowanceRequest, EmailAllowance, EmailAllowanceId};
use shared::messaging::email_dispatch::begin::BeginDispatch;
use shared::messaging::email_dispatch::end::EndDispatch;
use shared::messaging::email_dispatch::{DispatchId, EmailDispatch};
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{
    BUYER, MARKET, ORDER, PRODUCT, buyer, cents, create_market, gateway_refund, id, seller,
};

use crate::fixture::{Fixture, context, moment};

impl Fixture {
    /// Executes a command at [`moment`].
    pub(crate) async fn run<C: Command>(&self, command: C) {
        self.store.execute(command, &context()).await.unwrap();
    }

    /// Executes a command one second later.
    pub(crate) async fn run_later<C: Command>(&self, command: C) {
        let later: CommandContext = context().at(moment().saturating_add(Duration::from_secs(1)));
        self.store.execute(command, &later).await.unwrap();
    }

    /// The stored item of a record.
    pub(crate) async fn stored<R: Record>(&self, id: &R::Id) -> Value {
        self.item(&R::key(id)).await
    }
}

/// Fixture with an account.
pub(crate) async fn with_account() -> Fixture {
    let fixture = Fixture::open().await;
    let register = RegisterUser {
        id: id(BUYER),
        email: "Ada@example.com".parse().unwrap(),
        name: "Ada".parse().unwrap(),
        role: Role::User,
        credentials: Credentials { password_hash: "$argon2id$…".to_owned() },
    };
    fixture.run(register).await;
    fixture
}

#[tokio::test]
async fn account_is_user_credentials_and_email_claim() {
    let fixture = with_account().await;
    assert_json_snapshot!("user", fixture.stored::<User>(&id(BUYER)).await);
    assert_json_snapshot!("credentials", fixture.stored::<Credentials>(&id(BUYER)).await);
    let email: Email = "ADA@example.com".parse().unwrap();
    assert_json_snapshot!("email-claim", fixture.stored::<EmailClaim>(&email).await);
    assert_eq!(fixture.items().await.len(), 3 + 1, "and its event");
}

#[tokio::test]
async fn requested_address_is_stored_with_the_account() {
    let fixture = with_account().await;
    let changes = UserChanges { email: Some("ada@example.org".parse().unwrap()), ..UserChanges::default() };
    let (rights, reauthentication) = (UserAdminRights::default(), Some(SessionEpoch::default()));
    let (id, by) = (id(BUYER), buyer());
    fixture.run(UpdateUser { id, by, rights, reauthentication, expected: None, changes }).await;
    let user = fixture.stored::<User>(&id).await;
    assert_eq!(
        (&user["email"], &user["pendingEmail"]),
        (&json!("ada@example.com"), &json!("ada@example.org"))
    );
    let key = EmailChangeKey { user_id: id, version: Version::FIRST.next() };
    assert_json_snapshot!("email-change", fixture.stored::<EmailChange>(&key).await);
}

#[tokio::test]
async fn session_is_stored_with_its_account_and_has_a_ttl() {
    const SESSION: &str = "ses_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = with_account().await;
    let key = SessionKey { user_id: id(BUYER), session_id: id(SESSION) };
    let hash = |text: &str| TokenHash(text.to_owned());
    let network = KnownNetworkKey { user_id: id(BUYER), network: NetworkDigest("digest".to_owned()) };
    let (epoch, token) = (SessionEpoch::default(), hash("first"));
    fixture.run(StartSession { id: key, epoch, token, network: Some(network.clone()) }).await;
    assert_json_snapshot!("known-network", fixture.stored::<KnownNetwork>(&network).await);
    assert_json_snapshot!("session-started", fixture.stored::<Session>(&key).await);
    fixture.run_later(RotateSession { id: key, presented: hash("first"), successor: hash("second") }).await;
    fixture.run_later(EndSession { id: key }).await;
    assert_json_snapshot!("session-ended", fixture.stored::<Session>(&key).await);
}

#[tokio::test]
async fn password_reset_is_stored_without_the_address() {
    const RESET: &str = "pwr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = with_account().await;
    let email: Email = "ada@example.com".parse().unwrap();
    fixture.run(RequestPasswordReset { id: id(RESET), email: email.clone() }).await;
    let requested = fixture.stored::<PasswordReset>(&id(RESET)).await;
    assert_json_snapshot!("password-reset", requested);
    fixture.run_later(RequestPasswordReset { id: id(RESET), email }).await;
    assert_eq!(
        fixture.stored::<PasswordReset>(&id(RESET)).await,
        requested,
        "a second request within a minute is ignored"
    );
}

#[tokio::test]
async fn email_dispatch_is_stored_by_event_without_the_address() {
    let fixture = Fixture::open().await;
    let id: DispatchId = serde_json::from_value(json!(format!("{ORDER}.3"))).unwrap();
    let (fingerprint, lease) = ("a digest".to_owned(), Duration::from_secs(15));
    let allowance = EmailAllowanceId::of_digest(7);
    let request = AllowanceRequest { id: allowance, caused_at: moment() };
    fixture.run(BeginDispatch { id: id.clone(), fingerprint, lease, allowance: Some(request) }).await;
    assert_json_snapshot!("email-allowance", fixture.stored::<EmailAllowance>(&allowance).await);
    assert_json_snapshot!("email-dispatch-begun", fixture.stored::<EmailDispatch>(&id).await);
    let begun = fixture.store.load(ReadSet::<Option<EmailDispatch>>::get(&id)).await.unwrap().unwrap();
    fixture.run(EndDispatch { begun, sent: true }).await;
    assert_json_snapshot!("email-dispatch-sent", fixture.stored::<EmailDispatch>(&id).await);
}

/// Fixture with a market and a product.
pub(crate) async fn with_market() -> Fixture {
    let fixture = Fixture::open().await;
    let create = create_market(MARKET, seller(), InitialStatus::Active);
    fixture.run(create).await;
    let product = NewProduct {
        id: id(PRODUCT),
        sku: "MUG-1".parse().unwrap(),
        title: "Mug".parse().unwrap(),
        description: Some("To drink from.".parse().unwrap()),
        price: cents(1_999),
        tax_class: TaxClass::Standard,
        requires_shipping: true,
        stock: 10,
    };
    fixture.run(CreateProduct { market_id: id(MARKET), by: seller(), product }).await;
    fixture
}

#[tokio::test]
async fn market_is_listed_by_status() {
    assert_json_snapshot!("market", with_market().await.stored::<Market>(&id(MARKET)).await);
}

#[tokio::test]
async fn product_is_stored_with_stock_and_sku_claim() {
    let fixture = with_market().await;
    assert_json_snapshot!("product", fixture.stored::<Product>(&id(PRODUCT)).await);
    assert_json_snapshot!("stock", fixture.stored::<Stock>(&id(PRODUCT)).await);
    let sku = SkuKey { market_id: id(MARKET), sku: "MUG-1".parse().unwrap() };
    let copy = StatusCopyKey { market_id: id(MARKET), number: 7 };
    assert_json_snapshot!("market-status", fixture.stored::<StatusCopy>(&copy).await);
    assert_json_snapshot!("sku-claim", fixture.stored::<SkuClaim>(&sku).await);
    assert_eq!(
        fixture.items().await.len(),
        4 + 8 + 2,
        "the copies of the status, and the events of the market and the product"
    );
}

/// Fixture with an order of two mugs.
pub(crate) async fn with_order(method: Option<&str>) -> Fixture {
    let fixture = with_market().await;
    let item =
        CartItem { product_id: id(PRODUCT), quantity: Quantity::try_from(2).unwrap(), expected_price: None };
    let payment_method = method.map(|method| method.parse().unwrap());
    let cart = Cart::new(Some(id(MARKET)), vec![item]);
    fixture.run(PlaceOrder::new(id(ORDER), buyer(), cart, payment_method)).await;
    fixture
}

pub(crate) fn advance(by: FulfilmentTransition) -> AdvanceOrder {
    AdvanceOrder { id: id(ORDER), by, payment_window: Duration::from_hours(24) }
}

#[tokio::test]
async fn order_is_due_until_it_has_finished() {
    let fixture = with_order(None).await;
    assert_json_snapshot!("order-pending", fixture.stored::<Order>(&id(ORDER)).await);
    fixture.run_later(advance(FulfilmentTransition::Reserve)).await;
    assert_json_snapshot!("order-awaiting-payment", fixture.stored::<Order>(&id(ORDER)).await);
    let client_secret = ClientSecret("pi_1_secret".to_owned());
    let checkout = Checkout { gateway_id: GatewayId("pi_1".to_owned()), client_secret };
    fixture.run_later(advance(FulfilmentTransition::Payable(checkout))).await;
    assert_json_snapshot!("order-with-checkout", fixture.stored::<Order>(&id(ORDER)).await);
    fixture.run_later(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    assert_json_snapshot!("order-cancelled-before-payment", fixture.stored::<Order>(&id(ORDER)).await);
}

#[tokio::test]
async fn order_stores_the_intents_of_its_gateway_calls() {
    let fixture = with_order(Some("pm_card_visa")).await;
    fixture.run_later(advance(FulfilmentTransition::Reserve)).await;
    assert_json_snapshot!("order-charging", fixture.stored::<Order>(&id(ORDER)).await);
    fixture.run_later(CancelOrder { id: id(ORDER), by: seller(), reason: None }).await;
    assert_json_snapshot!("order-cancelled-while-charging", fixture.stored::<Order>(&id(ORDER)).await);
    let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
    fixture.run_later(advance(FulfilmentTransition::Captured(capture))).await;
    assert_json_snapshot!("order-refunding", fixture.stored::<Order>(&id(ORDER)).await);
}

#[tokio::test]
async fn payment_is_stored_once_per_order() {
    let fixture = with_order(Some("pm_card_visa")).await;
    fixture.run(advance(FulfilmentTransition::Reserve)).await;
    let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
    fixture.run(advance(FulfilmentTransition::Captured(capture))).await;
    assert_json_snapshot!("payment-captured", fixture.stored::<Payment>(&Payment::id_for(id(ORDER))).await);
    let entry = EntryId { order_id: id(ORDER), order_version: Version::new(3).unwrap() };
    assert_json_snapshot!("journal-entry-captured", fixture.stored::<JournalEntry>(&entry).await);
    fixture.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    let order: Option<Order> = fixture.store.load(ReadSet::get(&id(ORDER))).await.unwrap();
    let refund = gateway_refund(&order.unwrap(), 1, RefundStatus::Succeeded);
    fixture.run_later(advance(FulfilmentTransition::RefundReported(refund))).await;
    assert_json_snapshot!("order-refunded", fixture.stored::<Order>(&id(ORDER)).await);
    assert_json_snapshot!("payment-refunded", fixture.stored::<Payment>(&Payment::id_for(id(ORDER))).await);
}

#[tokio::test]
async fn failed_attempts_are_stored_beside_their_order() {
    let fixture = Fixture::open().await;
    let record = |error| RecordFailedAttempt {
        order_id: id(ORDER),
        step: "charging",
        error,
        next_at: moment().saturating_add(Duration::from_secs(7)),
        made: true,
    };
    fixture.run(record("no response")).await;
    fixture.run(record("no response yet")).await;
    fixture.run_later(RecordFailedAttempt { made: false, ..record("no response yet") }).await;
    assert_json_snapshot!("attempts", fixture.stored::<Attempts>(&id(ORDER)).await);
}

/// Dead letter of an unreadable message.
pub(crate) fn dead_letter(id: &str) -> DeadLetter {
    DeadLetter {
        id: test_support::fixture::id(id),
        version: Version::FIRST,
        queue: Subscriber::Fulfilment,
        status: DeadLetterStatus::Dead,
        message_id: "059f36b4".to_owned(),
        body: "{}".to_owned(),
        subject: None,
        attributes: [("event".to_owned(), "order.created".to_owned())].into(),
        reason: "the message cannot be parsed".to_owned(),
        attempts: 5,
        sent_at: Some(moment()),
        redrives: Vec::new(),
        removed: None,
        created_at: moment(),
        updated_at: moment(),
    }
}

#[tokio::test]
async fn dead_letter_is_listed_by_queue_and_status() {
    const DEAD_LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = Fixture::open().await;
    fixture.run(RecordDeadLetter { dead_letter: dead_letter(DEAD_LETTER), redriven_from: None }).await;
    assert_json_snapshot!("dead-letter", fixture.stored::<DeadLetter>(&id(DEAD_LETTER)).await);
    fixture.run_later(RedriveDeadLetter { id: id(DEAD_LETTER), by: seller().user }).await;
    assert_json_snapshot!("dead-letter-redriven", fixture.stored::<DeadLetter>(&id(DEAD_LETTER)).await);
}

#[tokio::test]
async fn redriven_message_is_stored_unchanged_in_the_outbox() {
    const DEAD_LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = Fixture::open().await;
    fixture.run(RecordDeadLetter { dead_letter: dead_letter(DEAD_LETTER), redriven_from: None }).await;
    fixture.run_later(RedriveDeadLetter { id: id(DEAD_LETTER), by: seller().user }).await;
    assert_json_snapshot!("redriven-message", fixture.items_of("outbox-event").await);
}

#[tokio::test]
async fn reconciliation_cursor_has_its_own_partition() {
    let fixture = Fixture::open().await;
    let (minute, after) = (Duration::from_mins(1), GatewayId("pi_1".to_owned()));
    let rounds = RoundConfig { interval: minute, overlap: minute };
    let to = ReconciliationCursor::first(rounds, moment()).after_page(after);
    fixture.run(AdvanceCursor { from: None, to }).await;
    assert_json_snapshot!(
        "reconciliation-cursor",
        fixture.stored::<ReconciliationCursor>(&PaymentsCursorKey).await
    );
}

#[tokio::test]
async fn discrepancy_is_listed_by_status_and_due_while_open() {
    let fixture = Fixture::open().await;
    let (gateway_id, order_id) = (GatewayId("pi_1".to_owned()), id(ORDER));
    let captured = LedgerStatus::Captured { amount: cents(3_998), refunded: 500 };
    let entry = GatewayRecord { gateway_id, order_id: Some(order_id), status: captured, read_at: moment() };
    let discrepancy = Discrepancy::new(&entry, None, None, MismatchKind::NoOrder, moment());
    fixture.run(RecordDiscrepancy(discrepancy)).await;
    assert_json_snapshot!("discrepancy-open", fixture.stored::<Discrepancy>(&entry.gateway_id).await);
    fixture.run_later(CloseDiscrepancy { id: entry.gateway_id.clone(), expected: Version::FIRST }).await;
    assert_json_snapshot!("discrepancy-closed", fixture.stored::<Discrepancy>(&entry.gateway_id).await);
}
