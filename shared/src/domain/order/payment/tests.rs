//! Unit tests of payments.

use std::collections::HashSet;

use super::*;
use crate::domain::order::Party;
use crate::domain::order::payment::refund::RefundStatus;
use crate::domain::order::tests::{confirmed, placed};
use crate::domain::tests::{at, dollars, euros};

fn intent() -> ChargeIntent {
    ChargeIntent::first(placed(None).id, euros(3_998), "pm_card_visa".parse().unwrap(), at(0))
}

#[test]
fn idempotency_keys_of_all_gateway_calls_differ() {
    let mut keys = HashSet::new();
    for id in [placed(None).id, OrderId::of_digest(7)] {
        let checkout = CheckoutIntent { order_id: id, amount: euros(1) };
        let (order, payment) = confirmed();
        for attempt in 1..=3 {
            let charge = ChargeIntent { order_id: id, attempt, ..intent() };
            let mut calls = vec![charge.idempotency_key(), checkout.idempotency_key(attempt)];
            for number in 1..=12 {
                let order = order.clone().with_refund_due(
                    &payment.gateway_id,
                    euros(1),
                    Party::Seller,
                    "cracked",
                    at(0),
                );
                let refund = Refund { number, attempt, ..order.refunds[0].clone() };
                calls.push(refund.intent(id).idempotency_key());
            }
            for key in calls {
                assert!(key.starts_with(&id.to_string()), "{key}");
                assert!(keys.insert(key));
            }
        }
    }
}

#[test]
fn refund_has_one_name_for_all_attempts() {
    let (order, payment) = confirmed();
    let order = order.with_refund_due(&payment.gateway_id, euros(1), Party::Seller, "cracked", at(5));
    let first = order.refunds[0].intent(order.id);
    assert_eq!(first.name(), format!("{}-refund-1", order.id));
    assert_eq!((&first.gateway_id, first.amount), (&payment.gateway_id, euros(1)));
    assert_eq!((first.number, first.attempt, first.decided_at), (1, 1, at(5)));
    let second = Refund { attempt: 2, ..order.refunds[0].clone() }.intent(order.id);
    assert_eq!(second.name(), first.name());
    let other = Refund { number: 2, ..order.refunds[0].clone() }.intent(order.id);
    assert_ne!(other.name(), first.name());
}

#[test]
fn charge_attempts_follow_each_other() {
    let failed = intent().failed(at(5));
    assert_eq!(failed, ChargeIntent { failed_at: Some(at(5)), ..intent() });
    let next = failed.clone().next_attempt(at(9));
    assert_eq!(next, ChargeIntent { attempt: 2, decided_at: at(9), failed_at: None, ..intent() });
    assert_eq!((failed.key_expires_at(), failed.key_is_live(at(5))), (at(5), false));
    let lifetime = 23 * 60 * 60 * 1_000;
    assert_eq!(intent().key_expires_at(), at(lifetime));
    assert!(intent().key_is_live(at(lifetime - 1)) && !intent().key_is_live(at(lifetime)));
}

#[test]
fn payment_method_has_3_to_100_allowed_characters() {
    for (text, valid) in [
        ("pm", false),
        ("p_1", true),
        ("pm-1", false),
        (&*"Ab_9".repeat(25), true),
        (&*("Ab_9".repeat(25) + "x"), false),
    ] {
        let method = text.parse::<PaymentMethod>();
        assert_eq!(method.as_ref().map(PaymentMethod::as_str).ok(), valid.then_some(text));
        let parsed = serde_json::from_value::<PaymentMethod>(text.into()).ok();
        assert_eq!(parsed, method.clone().ok());
        if let Ok(method) = method {
            assert_eq!(serde_json::to_value(method).unwrap(), text);
        }
    }
}

#[test]
fn texts_of_the_gateway_are_restricted_or_hidden() {
    assert_eq!(GatewayId("pi_1".to_owned()).to_string(), "pi_1");
    assert_eq!(format!("{:?}", ClientSecret("pi_1_secret".to_owned())), "ClientSecret(…)");
    let code = DeclineCode::new("Card_declined: Ada 4242");
    assert_eq!((code.as_str(), format!("{code:?}").as_str()), ("ard_declinedda", "\"ard_declinedda\""));
    assert_eq!(DeclineCode::new(&"x".repeat(65)).as_str().len(), 64);
}

#[test]
fn pending_and_made_refunds_reduce_the_refundable_amount() {
    let (order, payment) = confirmed();
    let refunds = |gateway_id: &GatewayId, status| {
        let order = order.clone().with_refund_due(gateway_id, euros(98), Party::Seller, "cracked", at(0));
        [Refund { status, ..order.refunds[0].clone() }]
    };
    assert_eq!(payment.refundable(&[]), euros(3_998));
    let other = GatewayId("pi_2".to_owned());
    for (gateway_id, status, left) in [
        (&payment.gateway_id, RefundStatus::Pending, 3_900),
        (&payment.gateway_id, RefundStatus::Succeeded, 3_900),
        (&payment.gateway_id, RefundStatus::RequiresAction, 3_900),
        (&payment.gateway_id, RefundStatus::Failed, 3_998),
        (&payment.gateway_id, RefundStatus::Cancelled, 3_998),
        (&other, RefundStatus::Pending, 3_998),
    ] {
        let refunds = refunds(gateway_id, status);
        assert_eq!(payment.refundable(&refunds), euros(left));
        let is_open = matches!(status, RefundStatus::Pending | RefundStatus::RequiresAction);
        assert_eq!((refunds[0].is_open(), refunds[0].is_due()), (is_open, is_open));
    }
}

#[test]
fn at_most_the_captured_amount_is_refunded() {
    let (order, payment) = confirmed();
    assert_eq!(payment.order_id, order.id);
    let part = payment.clone().refund(euros(3_997), at(7)).unwrap();
    let expected = Payment {
        version: payment.version.next(),
        refunded: euros(3_997),
        updated_at: at(7),
        ..payment.clone()
    };
    assert_eq!(part, expected);
    let full = part.clone().refund(euros(1), at(8)).unwrap();
    assert_eq!([&payment, &part, &full].map(Payment::is_fully_refunded), [false, false, true]);
    let failed = part.clone().refund_failed(euros(7), at(8)).unwrap();
    assert_eq!((failed.refunded, failed.version), (euros(3_990), part.version.next()));
    assert_eq!(failed.refund_failed(euros(3_991), at(9)), Err(MoneyError::Negative));
    assert_eq!(part.refund(euros(2), at(8)), Err(MoneyError::Negative));
    assert_eq!(payment.refund(dollars(1), at(8)), Err(MoneyError::CurrencyMismatch));
}
