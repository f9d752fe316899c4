//! Every event in `events/queue-emails/`.

use insta::assert_snapshot;
use shared::domain::order::payment::GatewayId;
use shared::domain::order::payment::refund::{Refund, RefundStatus};
use shared::domain::order::{Order, OrderEvent, OrderEventData, Party, Shipment};
use test_support::fixture::cents;
use test_support::lambda_event::assert_all_cases;

use super::{ADDRESS, Fixture};

/// Kind of the e-mail that is sent for each event.
const SENT: [(&str, &str); 8] = [
    ("order-confirmed", "order-confirmed"),
    ("order-expired", "order-expired"),
    ("order-refunded", "order-refunded"),
    ("order-partially-refunded", "order-refunded"),
    ("order-shipped", "order-shipped"),
    ("password-reset-requested", "reset"),
    ("user-email-changed", "verify"),
    ("user-registered", "welcome"),
];

/// Creates an order with refunds and a shipment.
async fn order_with_refunds_and_shipment(fixture: &Fixture) {
    let placed = fixture.marketplace.order(Some("pm_card_visa")).await;
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
    fixture.marketplace.put_entity(order, OrderEvent::Shipped(facts)).await;
}

/// Text of an e-mail without the end of its link, which differs in every run.
fn without_token(text: &str) -> String {
    let line = |line: &str| match line.split_once("#token=") {
        Some((link, _)) => format!("{link}#token=[token]"),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_event_sends_its_email() {
    let fixture = Fixture::open().await;
    order_with_refunds_and_shipment(&fixture).await;
    for (case, kind) in SENT {
        let result = fixture.handle_case(case).await;
        assert!(result.is_success(), "{case}: {result:?}");
        let email = fixture.sent().pop().unwrap();
        assert_eq!(email.tags["kind"], kind, "{case}");
        assert_snapshot!(case, format!("{}\n\n{}", email.subject, without_token(&email.text)));
        assert_eq!(
            (email.from.as_str(), email.to.as_slice()),
            ("no-reply@agora.example", [ADDRESS.to_owned()].as_slice())
        );
        assert_eq!(email.headers["X-Correlation-Id"], "checkout-7f3a");
        assert!(!email.html.contains("<42>") && !email.html.contains("Snail & Sons"), "{}", email.html);
    }
    assert!(fixture.handle_case("password-reset-unknown-email").await.is_success());
    let unreadable = fixture.handle_case("unreadable").await;
    assert!(unreadable.dead_letter_reason().starts_with("the message cannot be parsed"), "{unreadable:?}");
    assert_eq!(fixture.mail_catcher().sent().len(), SENT.len());
    let without_email = ["password-reset-unknown-email", "unreadable"];
    assert_all_cases("queue-emails", SENT.iter().map(|(case, ..)| *case).chain(without_email));
}

#[tokio::test]
async fn emails_to_unverified_addresses_contain_no_user_input() {
    let fixture = Fixture::open().await;
    order_with_refunds_and_shipment(&fixture).await;
    for case in ["user-registered", "user-email-changed", "password-reset-requested", "order-confirmed"] {
        assert!(fixture.handle_case(case).await.is_success(), "{case}");
    }
    let greeting = "Hello buyer";
    assert!(
        fixture.sent().iter().all(|email| !email.text.contains(greeting) && !email.html.contains(greeting))
    );
    let verify = shared::domain::user::verify::VerifyEmail {
        id: fixture.buyer().await.id,
        email: ADDRESS.parse().unwrap(),
    };
    fixture.marketplace.run(verify).await;
    assert!(fixture.handle_case("order-shipped").await.is_success());
    assert!(fixture.sent().pop().unwrap().text.contains(greeting));
}
