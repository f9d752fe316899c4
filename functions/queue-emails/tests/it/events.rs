//! Every event in `events/queue-emails/`.

use shared::domain::order::{Order, OrderEvent, OrderEventData, Party, Shipment};
use shared::domain::payment::GatewayId;
use shared::domain::refund::{Refund, RefundStatus};
use test_support::fixture::cents;
use test_support::lambda_event::cases;

use super::{ADDRESS, Fixture};

/// What each event sends: the kind of the e-mail, and something that its text says.
const SENT: [(&str, &str, &str); 8] = [
    ("order-confirmed", "order-confirmed", "2 x Mug: 39.98 EUR\nTotal: 39.98 EUR"),
    ("order-expired", "order-expired", "It was not paid in time"),
    ("order-refunded", "order-refunded", "Refunded so far: 10.00 EUR"),
    ("order-partially-refunded", "order-refunded", "Total of the order: 39.98 EUR"),
    ("order-shipped", "order-shipped", "Carrier: Snail & Sons\nTracking number: <42>"),
    ("password-reset-requested", "reset", "http://localhost:3000/reset-password#token=usr_"),
    ("user-email-changed", "verify", "http://localhost:3000/verify-email#token=usr_"),
    ("user-registered", "welcome", "http://localhost:3000/verify-email#token=usr_"),
];

/// An order of which everything can be said that an e-mail says.
async fn eventful_order(desk: &Fixture) {
    let placed = desk.scene.order(Some("pm_card_visa")).await;
    let now = placed.created_at;
    let refund = |number, amount, status| Refund {
        number,
        gateway_id: GatewayId("pi_1".to_owned()),
        amount: cents(amount),
        by: Party::Seller,
        reason: "chipped".to_owned(),
        status,
        failure: None,
        attempt: 1,
        decided_at: now,
        at: now,
    };
    let refunds = vec![
        refund(1, 400, RefundStatus::Succeeded),
        refund(2, 600, RefundStatus::Succeeded),
        refund(3, 500, RefundStatus::Pending),
        refund(4, 500, RefundStatus::Failed),
    ];
    let shipment =
        Shipment { carrier: "Snail & Sons".parse().unwrap(), tracking_number: "<42>".parse().unwrap() };
    let order = Order { version: placed.version.next(), refunds, shipment: Some(shipment), ..placed };
    let facts = OrderEventData::from(&order);
    desk.scene.put_entity(order, OrderEvent::Shipped(facts)).await;
}

#[tokio::test]
async fn every_event_sends_what_its_name_says() {
    let desk = Fixture::open().await;
    eventful_order(&desk).await;
    for (case, kind, says) in SENT {
        let ended = desk.hear(case).await;
        assert!(ended.is_done(), "{case}: {ended:?}");
        let email = desk.sent().pop().unwrap();
        assert_eq!(email.tags["kind"], kind, "{case}");
        assert!(email.text.contains(says), "{case}: {}", email.text);
        assert_eq!(
            (email.from.as_str(), email.to.as_slice()),
            ("no-reply@agora.example", [ADDRESS.to_owned()].as_slice())
        );
        assert_eq!(email.headers["X-Correlation-Id"], "checkout-7f3a");
        assert!(!email.html.contains("<42>") && !email.html.contains("Snail & Sons"), "{}", email.html);
    }
    assert!(desk.hear("password-reset-unknown-email").await.is_done());
    let dead = desk.hear("unreadable").await;
    assert!(dead.dead().starts_with("the message does not read"), "{dead:?}");
    assert_eq!(desk.postbox().sent().len(), SENT.len());
    let quiet = ["password-reset-unknown-email", "unreadable"];
    let mut all: Vec<&str> = SENT.iter().map(|(case, ..)| *case).chain(quiet).collect();
    all.sort_unstable();
    assert_eq!(all, cases("queue-emails"), "an event is not handled, or does not exist");
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_is_sent_nothing_that_anybody_typed_of_themselves() {
    let desk = Fixture::open().await;
    eventful_order(&desk).await;
    for case in ["user-registered", "user-email-changed", "password-reset-requested", "order-confirmed"] {
        assert!(desk.hear(case).await.is_done(), "{case}");
    }
    let greeting = "Hello buyer";
    assert!(desk.sent().iter().all(|email| !email.text.contains(greeting) && !email.html.contains(greeting)));
    let verify = shared::domain::user::verify::VerifyEmail {
        id: desk.buyer().await.id,
        email: ADDRESS.parse().unwrap(),
    };
    desk.scene.run(verify).await;
    assert!(desk.hear("order-shipped").await.is_done());
    assert!(desk.sent().pop().unwrap().text.contains(greeting));
}
