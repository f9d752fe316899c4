//! Unit tests of the fulfilment transitions that change refunds or payments.

use super::*;
use crate::domain::order::OrderStatus;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::GatewayId;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::tests::{confirmed, placed};
use crate::domain::tests::{Decided, at, decide, euros, refusal};

fn advance(by: FulfilmentTransition) -> AdvanceOrder {
    AdvanceOrder { id: placed(None).id, by, payment_window: Duration::from_hours(1) }
}

fn refunded(number: u32, state: &OrderAndPayment) -> Decided<AdvanceOrder> {
    decide(&advance(FulfilmentTransition::Refunded(number)), state.clone(), at(7))
}

fn capture(id: &str, amount: i64) -> Capture {
    Capture { gateway_id: GatewayId(id.to_owned()), amount: euros(amount) }
}

fn captured(id: &str, amount: i64) -> AdvanceOrder {
    advance(FulfilmentTransition::Captured(capture(id, amount)))
}

/// Confirmed order with pending refunds of 10 and 7 euros.
fn refunding() -> OrderAndPayment {
    let (order, payment) = confirmed();
    let order = [1_000, 700].into_iter().fold(order, |order, amount| {
        order.with_refund_due(&payment.gateway_id, euros(amount), Party::Seller, "cracked", at(0))
    });
    (Some(order), Some(payment))
}

#[test]
fn capture_stores_order_and_payment() {
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(1), at(0)).unwrap();
    let decided = decide(&captured("pi_1", 3_998), (Some(charging.clone()), None), at(7));
    let payment = Payment::captured(charging.id, &capture("pi_1", 3_998), at(7));
    let order = charging.clone().apply_payment(&payment, at(7)).unwrap();
    assert_eq!((decided.stored::<Order>(), decided.stored::<Payment>()), (order.clone(), payment.clone()));
    assert_eq!(decided.output, (Some(order), Some(payment)));
    let empty = refusal(&captured("pi_1", 0), (Some(charging), None), at(7));
    assert_eq!(empty, AdvanceError::Stale);
}

#[test]
fn duplicate_capture_is_refunded_once() {
    let (order, payment) = confirmed();
    let state = (Some(order), Some(payment));
    let duplicate = decide(&captured("pi_2", 500), state.clone(), at(7));
    let refund = &duplicate.output.0.as_ref().unwrap().refunds[0];
    assert_eq!((&refund.gateway_id, refund.amount), (&GatewayId("pi_2".to_owned()), euros(500)));
    assert_eq!((refund.by, refund.reason.as_str()), (Party::System, "duplicate payment"));
    assert_eq!(duplicate.events(), [("order.refund_started", duplicate.stored::<Order>().version)]);
    for (known, command) in [
        (&state, captured("pi_1", 3_998)),
        (&state, captured("pi_2", 0)),
        (&duplicate.output, captured("pi_2", 500)),
        (&duplicate.output, captured("pi_1", 3_998)),
    ] {
        assert_eq!(refusal(&command, known.clone(), at(8)), AdvanceError::Stale);
    }
}

#[test]
fn number_of_refunds_limits_duplicate_captures() {
    let (order, payment) = confirmed();
    let full = |count| {
        let order = (0..count).fold(order.clone(), |order, _| {
            order.with_refund_due(&payment.gateway_id, euros(1), Party::Seller, "cracked", at(0))
        });
        (Some(order), Some(payment.clone()))
    };
    assert!(captured("pi_2", 500).decide(full(MAX_REFUNDS - 1), at(7)).is_ok());
    assert_eq!(refusal(&captured("pi_2", 500), full(MAX_REFUNDS), at(7)), AdvanceError::Stale);
}

#[test]
fn made_refund_changes_order_and_payment() {
    let second = refunded(2, &refunding());
    let payment = second.stored::<Payment>();
    assert_eq!((payment.refunded, payment.updated_at), (euros(700), at(7)));
    assert_eq!(payment.version, refunding().1.unwrap().version.next());
    let order = second.stored::<Order>();
    let statuses: Vec<_> = order.refunds.iter().map(|refund| refund.status).collect();
    assert_eq!(statuses, [RefundStatus::Pending, RefundStatus::Succeeded]);
    assert_eq!(second.events(), [("order.partially_refunded", order.version)]);
    for (number, state) in [(2, second.output), (3, refunding()), (1, (refunding().0, None))] {
        let command = advance(FulfilmentTransition::Refunded(number));
        assert_eq!(refusal(&command, state, at(8)), AdvanceError::Stale);
    }
}

#[test]
fn refund_of_a_duplicate_capture_keeps_the_payment() {
    let (order, payment) = confirmed();
    let state = decide(&captured("pi_2", 500), (Some(order), Some(payment.clone())), at(7)).output;
    let made = refunded(1, &state);
    assert_eq!(made.output.1, Some(payment));
    assert_eq!(made.writes.len(), 1, "only the order is stored");
}

#[test]
fn order_ends_with_its_last_refund() {
    let (order, payment) = confirmed();
    let cancelled = order.cancelled(Party::Buyer, None, Some(&payment), at(0)).unwrap();
    let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(1), at(0)).unwrap();
    let overpaid = decide(&captured("pi_1", 5_000), (Some(charging), None), at(0)).output;
    for (state, status) in
        [((Some(cancelled), Some(payment)), OrderStatus::Cancelled), (overpaid, OrderStatus::Rejected)]
    {
        let state = decide(&captured("pi_2", 500), state, at(7)).output;
        let before = state.0.as_ref().unwrap();
        let first = refunded(1, &state);
        let order = first.output.0.as_ref().unwrap();
        assert_eq!((order.status, &order.fulfilment), (before.status, &before.fulfilment));
        let last = refunded(2, &first.output).output.0.unwrap();
        assert_eq!((last.status, last.fulfilment), (status, Fulfilment::Finished));
    }
}

#[test]
fn only_refunds_of_the_seller_may_be_refused() {
    let code = DeclineCode::new("charge_disputed");
    let refuse = advance(FulfilmentTransition::RefundRefused(1, code.clone()));
    let (order, payment) = refunding();
    let refund = order.as_ref().unwrap().refunds[0].clone();
    let refused = decide(&refuse, (order.clone(), payment.clone()), at(7)).stored::<Order>();
    let failed = Refund { status: RefundStatus::Failed, failure: Some(code), ..refund };
    assert_eq!(refused.refunds[0], failed);
    assert_eq!(refusal(&refuse, (Some(refused), payment.clone()), at(8)), AdvanceError::Stale);

    let cancelled = order.unwrap().cancelled(Party::Buyer, None, payment.as_ref(), at(0)).unwrap();
    let (confirmed, payment) = confirmed();
    let state = (Some(confirmed), Some(payment.clone()));
    let duplicate = decide(&captured("pi_2", 500), state, at(0)).output;
    for state in [(Some(cancelled), Some(payment)), duplicate] {
        assert_eq!(refusal(&refuse, state, at(8)), AdvanceError::RefundRefused);
    }
}

#[test]
fn retried_refund_has_the_next_attempt() {
    let retry = |attempt| advance(FulfilmentTransition::RetryRefund(2, attempt));
    let before = refunding().0.unwrap();
    let retried = decide(&retry(1), refunding(), at(7)).stored::<Order>();
    assert_eq!(retried.refunds[0], before.refunds[0]);
    let expected = Refund { attempt: 2, decided_at: at(7), ..before.refunds[1].clone() };
    assert_eq!(retried.refunds[1], expected);
    assert_eq!(refusal(&retry(2), refunding(), at(7)), AdvanceError::Stale);
}
