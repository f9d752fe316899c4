//! Stored format of every record of the domain: names and values of all attributes. A failing test here means
//! that a change needs a data migration.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::order::Order;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::attempts::{Attempts, RecordFailedAttempt};
use shared::domain::order::payment::{Capture, Checkout, ClientSecret, GatewayId, Payment};
use shared::domain::order::place::{OrderItem, PlaceOrder};
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::domain::product::{Product, SkuClaim, SkuKey, Stock};
use shared::domain::reconciliation::compare::MismatchKind;
use shared::domain::reconciliation::cursor::{
    AdvanceCursor, PaymentsCursorKey, ReconciliationCursor, RoundConfig,
};
use shared::domain::reconciliation::discrepancy::{CloseDiscrepancy, Discrepancy, RecordDiscrepancy};
use shared::domain::reconciliation::{GatewayRecord, LedgerStatus};
use shared::domain::session::end::EndSession;
use shared::domain::session::rotate::RotateSession;
use shared::domain::session::start::StartSession;
use shared::domain::session::{Session, SessionKey, TokenHash};
use shared::domain::user::SessionEpoch;
use shared::domain::user::password_reset::PasswordReset;
use shared::domain::user::password_reset::request::RequestPasswordReset;
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, EmailClaim, Role, User};
use shared::domain::values::email::Email;
use shared::domain::values::money::Quantity;
use shared::kit::aws::dynamodb::schema::outbox_partition;
use shared::kit::command::{Command, CommandContext, EventId, ReadSet, Record, Store, Version};
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::email_dispatch::EmailDispatch;
use shared::messaging::email_dispatch::begin::BeginDispatch;
use shared::messaging::email_dispatch::end::EndDispatch;
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{BUYER, MARKET, ORDER, PRODUCT, SELLER, buyer, cents, id, seller};

use crate::fixture::{Fixture, context, moment};

/// Stored form of [`moment`].
pub(crate) const AT: &str = "2027-01-15T08:00:00.000Z";
/// One second later.
const LATER: &str = "2027-01-15T08:00:01.000Z";

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
    let user = json!({
        "pk": format!("user#{BUYER}"),
        "sk": "user",
        "kind": "user",
        "id": BUYER,
        "version": 1,
        "email": "ada@example.com",
        "emailVerified": false,
        "name": "Ada",
        "role": "user",
        "status": "active",
        "sessionEpoch": 0,
        "createdAt": AT,
        "updatedAt": AT,
        "parentKey": "accounts#user#active",
        "parentSort": BUYER,
        "nameSort": format!("ada\u{0}{BUYER}"),
        "ownerKey": "accounts#user#active",
        "ownerSort": "ada@example.com",
    });
    assert_eq!(fixture.stored::<User>(&id(BUYER)).await, user);
    let credentials = json!({
        "pk": format!("user#{BUYER}"),
        "sk": "credentials",
        "kind": "credentials",
        "passwordHash": "$argon2id$…",
    });
    assert_eq!(fixture.stored::<Credentials>(&id(BUYER)).await, credentials);
    let claim =
        json!({ "pk": "email#ada@example.com", "sk": "email", "kind": "email-claim", "userId": BUYER });
    let email: Email = "ADA@example.com".parse().unwrap();
    assert_eq!(fixture.stored::<EmailClaim>(&email).await, claim);
    assert_eq!(fixture.items().await.len(), 3 + 1, "and its event");
}

#[tokio::test]
async fn session_is_stored_with_its_account_and_has_a_ttl() {
    const SESSION: &str = "ses_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = with_account().await;
    let key = SessionKey { user_id: id(BUYER), session_id: id(SESSION) };
    let hash = |text: &str| TokenHash(text.to_owned());
    fixture.run(StartSession { id: key, epoch: SessionEpoch::default(), token: hash("first") }).await;
    let started = json!({
        "pk": format!("user#{BUYER}"),
        "sk": format!("session#{SESSION}"),
        "kind": "session",
        "id": { "userId": BUYER, "sessionId": SESSION },
        "version": 1,
        "epoch": 0,
        "current": "first",
        "previous": null,
        "rotatedAt": AT,
        "ended": null,
        "expiresAt": "2027-02-14T08:00:00.000Z",
        "ttl": 1_802_592_000,
    });
    assert_eq!(fixture.stored::<Session>(&key).await, started);
    fixture.run_later(RotateSession { id: key, presented: hash("first"), successor: hash("second") }).await;
    fixture.run_later(EndSession { id: key }).await;
    let ended = json!({
        "pk": format!("user#{BUYER}"),
        "sk": format!("session#{SESSION}"),
        "kind": "session",
        "id": { "userId": BUYER, "sessionId": SESSION },
        "version": 3,
        "epoch": 0,
        "current": "second",
        "previous": "first",
        "rotatedAt": LATER,
        "ended": "logged-out",
        "expiresAt": "2027-02-14T08:00:01.000Z",
        "ttl": 1_802_592_001,
    });
    assert_eq!(fixture.stored::<Session>(&key).await, ended);
}

#[tokio::test]
async fn password_reset_is_stored_without_the_address() {
    const RESET: &str = "pwr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = with_account().await;
    let email: Email = "ada@example.com".parse().unwrap();
    fixture.run(RequestPasswordReset { id: id(RESET), email: email.clone() }).await;
    let requested = json!({
        "pk": format!("password-reset#{RESET}"),
        "sk": "password-reset",
        "kind": "password-reset",
        "id": RESET,
        "version": 1,
        "requestedAt": AT,
        "expiresAt": "2027-02-15T08:00:00.000Z",
        "ttl": 1_802_678_400,
    });
    assert_eq!(fixture.stored::<PasswordReset>(&id(RESET)).await, requested);
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
    let id: EventId = serde_json::from_value(json!(format!("{ORDER}.3"))).unwrap();
    let (fingerprint, lease) = ("a digest".to_owned(), Duration::from_secs(15));
    fixture.run(BeginDispatch { id: id.clone(), fingerprint, lease }).await;
    let mut expected = json!({
        "pk": format!("dispatch#{ORDER}.3"),
        "sk": "dispatch",
        "kind": "dispatch",
        "id": format!("{ORDER}.3"),
        "version": 1,
        "state": "sending",
        "until": "2027-01-15T08:00:15.000Z",
        "sends": 1,
        "contentHash": "a digest",
        "expiresAt": "2027-02-14T08:00:00.000Z",
        "ttl": 1_802_592_000,
    });
    assert_eq!(fixture.stored::<EmailDispatch>(&id).await, expected);
    let begun = fixture.store.load(ReadSet::<Option<EmailDispatch>>::get(&id)).await.unwrap().unwrap();
    fixture.run(EndDispatch { begun, sent: true }).await;
    expected["version"] = json!(2);
    expected["state"] = json!("sent");
    expected.as_object_mut().unwrap().remove("until");
    assert_eq!(fixture.stored::<EmailDispatch>(&id).await, expected);
}

/// Fixture with a market and a product.
async fn with_market() -> Fixture {
    let fixture = Fixture::open().await;
    let create = CreateMarket {
        id: id(MARKET),
        by: seller(),
        name: "Mugs and more".parse().unwrap(),
        description: None,
        currency: "EUR".parse().unwrap(),
        status: InitialStatus::Active,
        products: Vec::new(),
    };
    fixture.run(create).await;
    let product = NewProduct {
        id: id(PRODUCT),
        sku: "MUG-1".parse().unwrap(),
        title: "Mug".parse().unwrap(),
        description: Some("To drink from.".parse().unwrap()),
        price: cents(1_999),
        stock: 10,
    };
    fixture.run(CreateProduct { market_id: id(MARKET), by: seller(), product }).await;
    fixture
}

#[tokio::test]
async fn market_is_listed_by_status() {
    let market = json!({
        "pk": format!("market#{MARKET}"),
        "sk": "market",
        "kind": "market",
        "nameSort": format!("mugs and more\u{0}{MARKET}"),
        "parentKey": "markets#active",
        "parentSort": MARKET,
        "id": MARKET,
        "version": 1,
        "name": "Mugs and more",
        "description": null,
        "status": "active",
        "currency": "EUR",
        "creatorId": SELLER,
        "createdAt": AT,
        "updatedAt": AT,
    });
    assert_eq!(with_market().await.stored::<Market>(&id(MARKET)).await, market);
}

#[tokio::test]
async fn product_is_stored_with_stock_and_sku_claim() {
    let fixture = with_market().await;
    let product = json!({
        "pk": format!("product#{PRODUCT}"),
        "sk": "product",
        "kind": "product",
        "parentKey": format!("market#{MARKET}#products"),
        "parentSort": PRODUCT,
        "id": PRODUCT,
        "version": 1,
        "marketId": MARKET,
        "sellerId": SELLER,
        "sku": "MUG-1",
        "title": "Mug",
        "description": "To drink from.",
        "price": { "amount": 1_999, "currency": "EUR" },
        "status": "active",
        "createdAt": AT,
        "updatedAt": AT,
    });
    assert_eq!(fixture.stored::<Product>(&id(PRODUCT)).await, product);
    let stock = json!({
        "pk": format!("product#{PRODUCT}"),
        "sk": "stock",
        "kind": "stock",
        "available": 10,
        "reserved": 0,
        "sold": 0,
    });
    assert_eq!(fixture.stored::<Stock>(&id(PRODUCT)).await, stock);
    let claim = json!({
        "pk": format!("market#{MARKET}"),
        "sk": "sku#MUG-1",
        "kind": "sku-claim",
        "productId": PRODUCT,
    });
    let sku = SkuKey { market_id: id(MARKET), sku: "MUG-1".parse().unwrap() };
    assert_eq!(fixture.stored::<SkuClaim>(&sku).await, claim);
    assert_eq!(fixture.items().await.len(), 4 + 2, "and the events of the market and the product");
}

/// Fixture with an order of two mugs.
pub(crate) async fn with_order(method: Option<&str>) -> Fixture {
    let fixture = with_market().await;
    let item =
        OrderItem { product_id: id(PRODUCT), quantity: Quantity::try_from(2).unwrap(), expected_price: None };
    let payment_method = method.map(|method| method.parse().unwrap());
    fixture.run(PlaceOrder { id: id(ORDER), by: buyer(), items: vec![item], payment_method }).await;
    fixture
}

pub(crate) fn advance(by: FulfilmentTransition) -> AdvanceOrder {
    AdvanceOrder { id: id(ORDER), by, payment_window: Duration::from_hours(24) }
}

/// The item of a newly placed order.
fn placed(method: Option<&str>) -> Value {
    json!({
        "pk": format!("order#{ORDER}"),
        "sk": "order",
        "kind": "order",
        "ownerKey": format!("user#{BUYER}#orders"),
        "ownerSort": ORDER,
        "parentKey": format!("market#{MARKET}#orders#1"),
        "parentSort": ORDER,
        "id": ORDER,
        "version": 1,
        "buyerId": BUYER,
        "sellerId": SELLER,
        "marketId": MARKET,
        "lines": [{
            "productId": PRODUCT,
            "sku": "MUG-1",
            "title": "Mug",
            "quantity": 2,
            "unitPrice": { "amount": 1_999, "currency": "EUR" },
        }],
        "total": { "amount": 3_998, "currency": "EUR" },
        "paymentMethod": method,
        "paymentId": null,
        "refunds": [],
        "shipment": null,
        "status": "pending",
        "fulfilment": { "step": "accepted" },
        "timeline": [{ "status": "pending", "at": AT, "by": "buyer", "reason": null }],
        "createdAt": AT,
        "updatedAt": AT,
    })
}

/// The item after another transition, one second later.
fn moved(mut order: Value, status: &str, by: &str, fulfilment: Value) -> Value {
    order["version"] = json!(order["version"].as_u64().unwrap() + 1);
    order["status"] = json!(status);
    order["fulfilment"] = fulfilment;
    order["updatedAt"] = json!(LATER);
    let entry = json!({ "status": status, "at": LATER, "by": by, "reason": null });
    order["timeline"].as_array_mut().unwrap().push(entry);
    order
}

#[tokio::test]
async fn order_is_due_only_while_it_awaits_payment() {
    let fixture = with_order(None).await;
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, placed(None));

    fixture.run_later(advance(FulfilmentTransition::Reserve)).await;
    let until = "2027-01-16T08:00:01.000Z";
    let step = json!({ "step": "awaitingPayment", "until": until, "checkout": null });
    let mut waiting = moved(placed(None), "awaiting_payment", "system", step);
    waiting["dueShard"] = json!("orders#expiring#5");
    waiting["dueAt"] = json!(until);
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, waiting);

    let client_secret = ClientSecret("pi_1_secret".to_owned());
    let checkout = Checkout { gateway_id: GatewayId("pi_1".to_owned()), client_secret };
    fixture.run_later(advance(FulfilmentTransition::Payable(checkout))).await;
    waiting["version"] = json!(3);
    waiting["fulfilment"]["checkout"] = json!({ "gatewayId": "pi_1", "clientSecret": "pi_1_secret" });
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, waiting);

    fixture.run_later(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    for sparse in ["dueShard", "dueAt"] {
        waiting.as_object_mut().unwrap().remove(sparse);
    }
    let cancelled = moved(waiting, "cancelled", "buyer", json!({ "step": "finished" }));
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, cancelled);
}

#[tokio::test]
async fn order_stores_the_intents_of_its_gateway_calls() {
    let method = Some("pm_card_visa");
    let fixture = with_order(method).await;
    fixture.run_later(advance(FulfilmentTransition::Reserve)).await;
    let intent = json!({
        "orderId": ORDER,
        "amount": { "amount": 3_998, "currency": "EUR" },
        "method": "pm_card_visa",
        "attempt": 1,
        "decidedAt": LATER,
    });
    let step = json!({ "step": "charging", "intent": intent });
    let charging = moved(placed(method), "awaiting_payment", "system", step);
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, charging);

    fixture.run_later(CancelOrder { id: id(ORDER), by: seller(), reason: None }).await;
    let step = json!({ "step": "resolvingCharge", "intent": intent });
    let mut settling = moved(charging, "cancelled", "seller", step);
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, settling);

    let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
    fixture.run_later(advance(FulfilmentTransition::Captured(capture))).await;
    settling["version"] = json!(4);
    settling["paymentId"] = json!(ORDER.replace("ord_", "pay_"));
    settling["refunds"] = json!([{
        "number": 1,
        "gatewayId": "pi_1",
        "amount": { "amount": 3_998, "currency": "EUR" },
        "by": "system",
        "reason": "paid when the order was over",
        "status": "pending",
        "failure": null,
        "attempt": 1,
        "decidedAt": LATER,
        "at": LATER,
    }]);
    settling["fulfilment"] = json!({ "step": "refunding", "stockPosition": "reserved" });
    assert_eq!(fixture.stored::<Order>(&id(ORDER)).await, settling);
}

#[tokio::test]
async fn payment_is_stored_once_per_order() {
    let fixture = with_order(Some("pm_card_visa")).await;
    fixture.run(advance(FulfilmentTransition::Reserve)).await;
    let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
    fixture.run(advance(FulfilmentTransition::Captured(capture))).await;
    let mut payment = json!({
        "pk": format!("order#{ORDER}"),
        "sk": "payment",
        "kind": "payment",
        "id": ORDER.replace("ord_", "pay_"),
        "version": 1,
        "orderId": ORDER,
        "gatewayId": "pi_1",
        "captured": { "amount": 3_998, "currency": "EUR" },
        "refunded": { "amount": 0, "currency": "EUR" },
        "createdAt": AT,
        "updatedAt": AT,
    });
    assert_eq!(fixture.stored::<Payment>(&Payment::id_for(id(ORDER))).await, payment);
    fixture.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    fixture.run_later(advance(FulfilmentTransition::Refunded(1))).await;
    payment["version"] = json!(2);
    payment["refunded"]["amount"] = json!(3_998);
    payment["updatedAt"] = json!(LATER);
    assert_eq!(fixture.stored::<Payment>(&Payment::id_for(id(ORDER))).await, payment);
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
    let attempts = json!({
        "pk": format!("order#{ORDER}"),
        "sk": "attempts",
        "kind": "attempts",
        "failed": 2,
        "step": "charging",
        "lastError": "no response yet",
        "failedAt": LATER,
        "nextAt": "2027-01-15T08:00:07.000Z",
    });
    assert_eq!(fixture.stored::<Attempts>(&id(ORDER)).await, attempts);
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
    let mut expected = json!({
        "pk": format!("dead-letter#{DEAD_LETTER}"),
        "sk": "dead-letter",
        "kind": "dead-letter",
        "parentKey": "dead-letters#fulfilment#dead",
        "parentSort": DEAD_LETTER,
        "id": DEAD_LETTER,
        "version": 1,
        "queue": "fulfilment",
        "status": "dead",
        "messageId": "059f36b4",
        "body": "{}",
        "attributes": { "event": "order.created" },
        "reason": "the message cannot be parsed",
        "attempts": 5,
        "sentAt": AT,
        "redrives": [],
        "createdAt": AT,
        "updatedAt": AT,
    });
    assert_eq!(fixture.stored::<DeadLetter>(&id(DEAD_LETTER)).await, expected);
    fixture.run_later(RedriveDeadLetter { id: id(DEAD_LETTER), by: seller().user }).await;
    expected["version"] = json!(2);
    expected["parentKey"] = json!("dead-letters#fulfilment#redriven");
    expected["status"] = json!("redriven");
    expected["redrives"] = json!([{ "by": seller().user, "at": LATER }]);
    expected["updatedAt"] = json!(LATER);
    assert_eq!(fixture.stored::<DeadLetter>(&id(DEAD_LETTER)).await, expected);
}

#[tokio::test]
async fn redriven_message_is_stored_unchanged_in_the_outbox() {
    const DEAD_LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let fixture = Fixture::open().await;
    fixture.run(RecordDeadLetter { dead_letter: dead_letter(DEAD_LETTER), redriven_from: None }).await;
    fixture.run_later(RedriveDeadLetter { id: id(DEAD_LETTER), by: seller().user }).await;
    let waiting = fixture.items_of("outbox-event").await;
    let expected = json!([{
        "pk": outbox_partition(DEAD_LETTER),
        "sk": format!("{LATER}#{DEAD_LETTER}.2"),
        "kind": "outbox-event",
        "eventId": format!("{DEAD_LETTER}.2"),
        "event": "dead_letter.redriven.fulfilment",
        "body": "{}",
        "correlationId": "a-test",
        "attributes": { "event": "order.created", "redriveOf": format!("{DEAD_LETTER}.2") },
    }]);
    assert_eq!(json!(waiting), expected);
}

#[tokio::test]
async fn reconciliation_cursor_has_its_own_partition() {
    let fixture = Fixture::open().await;
    let (minute, after) = (Duration::from_mins(1), GatewayId("pi_1".to_owned()));
    let rounds = RoundConfig { interval: minute, overlap: minute };
    let to = ReconciliationCursor::first(rounds, moment()).after_page(after);
    fixture.run(AdvanceCursor { from: None, to }).await;
    let expected = json!({
        "pk": "reconciliation",
        "sk": "position",
        "kind": "position",
        "version": 1,
        "from": moment().saturating_sub(minute),
        "until": AT,
        "after": "pi_1",
        "dueAt": moment().saturating_add(minute),
    });
    assert_eq!(fixture.stored::<ReconciliationCursor>(&PaymentsCursorKey).await, expected);
}

#[tokio::test]
async fn discrepancy_is_listed_by_status_and_due_while_open() {
    let fixture = Fixture::open().await;
    let (gateway_id, order_id) = (GatewayId("pi_1".to_owned()), id(ORDER));
    let captured = LedgerStatus::Captured { amount: cents(3_998), refunded: 500 };
    let entry = GatewayRecord { gateway_id, order_id: Some(order_id), status: captured, read_at: moment() };
    let discrepancy = Discrepancy::new((&entry, None, None), MismatchKind::NoOrder, moment());
    fixture.run(RecordDiscrepancy(discrepancy)).await;
    let mut expected = json!({
        "pk": "discrepancy#pi_1",
        "sk": "discrepancy",
        "kind": "discrepancy",
        "parentKey": "discrepancies#open",
        "parentSort": format!("{AT}#pi_1"),
        "dueShard": "discrepancies#open",
        "dueAt": AT,
        "id": "pi_1",
        "version": 1,
        "orderId": ORDER,
        "difference": "no_order",
        "atGateway": {
            "captured": { "amount": 3_998, "currency": "EUR" },
            "refunded": { "amount": 500, "currency": "EUR" },
        },
        "onRecord": {},
        "firstSeenAt": AT,
        "lastSeenAt": AT,
        "closedAt": null,
    });
    assert_eq!(fixture.stored::<Discrepancy>(&entry.gateway_id).await, expected);
    fixture.run_later(CloseDiscrepancy { id: entry.gateway_id.clone(), expected: Version::FIRST }).await;
    let item = expected.as_object_mut().unwrap();
    item.retain(|name, _| !name.starts_with("due"));
    expected["version"] = json!(2);
    expected["parentKey"] = json!("discrepancies#closed");
    expected["closedAt"] = json!(LATER);
    expected["ttl"] = json!(1_807_776_001);
    assert_eq!(fixture.stored::<Discrepancy>(&entry.gateway_id).await, expected);
}
