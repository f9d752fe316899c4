//! Unit tests of the fulfilment transitions that change refunds or payments.

use super::*;
use crate::domain::order::OrderStatus;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::GatewayId;
use crate::domain::order::payment::refund::{MAX_REFUNDS, Refund, RefundStatus};
use crate::domain::order::tests::{confirmed, placed, reported};
use crate::domain::tests::{Decided, at, decide, euros, refusal};
use crate::kit::command::Record as _;

fn advance(by: FulfilmentTransition) -> AdvanceOrder {
    AdvanceOrder { id: placed(None).id, by, payment_window: Duration::from_hours(1) }
}

fn report(number: u32, status: RefundStatus, state: &OrderAndPayment) -> AdvanceOrder {
    advance(FulfilmentTransition::RefundReported(reported(state.0.as_ref().unwrap(), number, status)))
}

fn refunded(number: u32, state: &OrderAndPayment) -> Decided<AdvanceOrder> {
    decide(&report(number, RefundStatus::Succeeded, state), state.clone(), at(7))
}

fn refusal_of(number: u32, refunds: Vec<GatewayRefund>) -> AdvanceOrder {
    let code = DeclineCode::new("charge_disputed");
    advance(FulfilmentTransition::RefundRefused(RefundRefusal { number, attempt: 1, code, refunds }))
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
fn duplicate_capture_is_refunded_after_any_number_of_refunds() {
    let (order, payment) = confirmed();
    let order = (0..MAX_REFUNDS).fold(order, |order, _| {
        order.with_refund_due(&payment.gateway_id, euros(1), Party::Seller, "cracked", at(0))
    });
    let captured = decide(&captured("pi_2", 500), (Some(order), Some(payment)), at(7)).stored::<Order>();
    assert_eq!(captured.refunds.len(), MAX_REFUNDS + 1);
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
        let command = report(number, RefundStatus::Succeeded, &state);
        assert_eq!(refusal(&command, state, at(8)), AdvanceError::Stale);
    }
}

#[test]
fn refund_of_a_duplicate_capture_keeps_the_payment() {
    let (order, payment) = confirmed();
    let state = decide(&captured("pi_2", 500), (Some(order), Some(payment.clone())), at(7)).output;
    let made = refunded(1, &state);
    assert_eq!(made.output.1.as_ref(), Some(&payment));
    assert!(
        made.writes.iter().all(|write| write.key != Payment::key(&payment.id)),
        "the payment is not stored"
    );
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
fn refused_refund_has_failed_with_its_code() {
    let (order, payment) = refunding();
    let refund = order.as_ref().unwrap().refunds[0].clone();
    let refused = decide(&refusal_of(1, Vec::new()), (order.clone(), payment.clone()), at(7));
    assert_eq!(refused.events()[0].0, "order.refund_failed");
    let refused = refused.stored::<Order>();
    let (failure, failed_after) = (Some(DeclineCode::new("charge_disputed")), Some(2));
    assert_eq!(refused.refunds[0], Refund { status: RefundStatus::Failed, failure, failed_after, ..refund });
    let last = refused.timeline.last().unwrap();
    assert_eq!((last.status, last.at, last.by), (OrderStatus::Confirmed, at(7), Party::System));
    assert_eq!(last.reason.as_deref(), Some("refund of 1000 EUR failed: charge_disputed"));
    assert_eq!(refused.refund_check_at, Some(at(7)));
    let again = refusal(&refusal_of(1, Vec::new()), (Some(refused), payment), at(8));
    assert_eq!(again, AdvanceError::Stale);
}

#[test]
fn refund_is_repeated_if_its_amount_is_left_again() {
    let too_large = |attempt| {
        let code = DeclineCode::new("amount_too_large");
        let refusal = RefundRefusal { number: 1, attempt, code, refunds: Vec::new() };
        advance(FulfilmentTransition::RefundRefused(refusal))
    };
    let mut state = refunding();
    for attempt in 1..3 {
        let repeated = decide(&too_large(attempt), state, at(7)).output;
        let refund = &repeated.0.as_ref().unwrap().refunds[0];
        assert_eq!(
            (refund.attempt, refund.status, &refund.failure),
            (attempt + 1, RefundStatus::Pending, &None)
        );
        state = repeated;
    }
    let refused = decide(&too_large(3), state, at(8)).stored::<Order>();
    assert_eq!(refused.refunds[0].status, RefundStatus::Failed);
}

#[test]
fn refusal_of_an_earlier_attempt_is_ignored() {
    let retry = advance(FulfilmentTransition::RetryRefund(1, 1));
    let retried = decide(&retry, refunding(), at(7)).stored::<Order>();
    let late = refusal(&refusal_of(1, Vec::new()), (Some(retried), refunding().1), at(8));
    assert_eq!(late, AdvanceError::Stale);
}

/// Cancelled order of 39.98 EUR, of which 5 EUR were refunded at the gateway itself.
fn cancelled_and_refunded_in_part() -> (OrderAndPayment, GatewayRefund) {
    let (order, payment) = confirmed();
    let cancelled = order.cancelled(Party::Buyer, None, Some(&payment), at(0)).unwrap();
    let (id, amount) = (GatewayId("re_9".to_owned()), euros(500));
    let made = reported(&cancelled, 1, RefundStatus::Succeeded);
    ((Some(cancelled), Some(payment)), GatewayRefund { id, name: None, amount, ..made })
}

#[test]
fn rest_is_refunded_after_a_refund_at_the_gateway() {
    let (state, at_gateway) = cancelled_and_refunded_in_part();
    let refuse = refusal_of(1, vec![at_gateway.clone()]);
    let recorded = decide(&refuse, state, at(7));
    let order = recorded.output.0.as_ref().unwrap();
    let refund = &order.refunds[1];
    assert_eq!((refund.number, refund.amount, refund.status), (2, euros(500), RefundStatus::Succeeded));
    assert_eq!((refund.by, refund.reason.as_str()), (Party::System, "refunded at the payment gateway"));
    assert_eq!(recorded.output.1.as_ref().unwrap().refunded, euros(500));
    assert!(order.refunds[0].is_due(), "the refusal is decided on the recorded refunds");

    let replaced = decide(&refuse, recorded.output, at(8));
    assert_eq!(replaced.events()[0].0, "order.refund_started");
    let order = replaced.output.0.as_ref().unwrap();
    assert_eq!(order.refunds[0].status, RefundStatus::Cancelled);
    assert_eq!((order.refunds[2].amount, order.refunds[2].reason.as_str()), (euros(3_498), "cancelled"));
    let last = refunded(3, &replaced.output);
    let (order, payment) = last.output;
    assert_eq!(order.unwrap().fulfilment, Fulfilment::Finished);
    assert!(payment.unwrap().is_fully_refunded());
}

#[test]
fn refund_is_withdrawn_if_nothing_is_left_at_the_gateway() {
    let (state, at_gateway) = cancelled_and_refunded_in_part();
    let all = GatewayRefund { amount: euros(3_998), ..at_gateway };
    let refuse = refusal_of(1, vec![all]);
    let recorded = decide(&refuse, state, at(7)).output;
    let withdrawn = decide(&refuse, recorded, at(8));
    let order = withdrawn.output.0.as_ref().unwrap();
    let statuses: Vec<_> = order.refunds.iter().map(|refund| refund.status).collect();
    assert_eq!(statuses, [RefundStatus::Cancelled, RefundStatus::Succeeded]);
    let ended = decide(&advance(FulfilmentTransition::RefundsRequested), withdrawn.output, at(9));
    assert_eq!(ended.stored::<Order>().fulfilment, Fulfilment::Finished);
}

#[test]
fn refund_that_fails_later_is_refundable_again() {
    let made = refunded(2, &refunded(1, &refunding()).output).output;
    let failed = decide(&report(1, RefundStatus::Failed, &made), made.clone(), at(8));
    assert_eq!(failed.events()[0].0, "order.refund_failed");
    let (order, payment) = failed.output.clone();
    let (order, payment) = (order.unwrap(), payment.unwrap());
    assert_eq!((payment.refunded, payment.refundable(&order.refunds)), (euros(700), euros(3_298)));
    assert_eq!((order.status, order.refunds[0].status), (OrderStatus::Confirmed, RefundStatus::Failed));
    let reason = order.timeline.last().unwrap().reason.as_deref();
    assert_eq!(reason, Some("refund of 1000 EUR failed: expired_or_canceled_card"));
    for status in [RefundStatus::Succeeded, RefundStatus::Pending, RefundStatus::Failed] {
        let late = refusal(&report(1, status, &failed.output), failed.output.clone(), at(9));
        assert_eq!(late, AdvanceError::Stale, "an earlier state arrives later");
    }
}

#[test]
fn check_after_a_failure_is_not_delayed_by_another_refund() {
    let failed = decide(&report(1, RefundStatus::Failed, &refunding()), refunding(), at(7));
    let made = refunded(2, &failed.output).output.0.unwrap();
    assert_eq!(made.refund_check_at, Some(at(7)));
}

#[test]
fn pending_refund_is_made_by_a_later_report() {
    for status in [RefundStatus::Pending, RefundStatus::RequiresAction] {
        let accepted = decide(&report(1, status, &refunding()), refunding(), at(7));
        let order = accepted.output.0.as_ref().unwrap();
        assert_eq!(order.refunds[0].status, status);
        assert_eq!(order.due_refund().map(|refund| refund.number), Some(2));
        assert_eq!(accepted.output.1, refunding().1, "nothing was refunded yet");
        let made = refunded(1, &accepted.output).output;
        assert_eq!(made.1.unwrap().refunded, euros(1_000));
    }
}

#[test]
fn refund_of_a_failed_amount_waits_for_the_failure() {
    let (order, payment) = confirmed();
    let order = order.with_refund_due(&payment.gateway_id, payment.captured, Party::Seller, "cracked", at(0));
    let made = refunded(1, &(Some(order), Some(payment))).output;
    let first = reported(made.0.as_ref().unwrap(), 1, RefundStatus::Succeeded);
    let failed = GatewayRefund { status: RefundStatus::Failed, ..first.clone() };
    let another = GatewayRefund { id: GatewayId("re_9".to_owned()), name: None, ..first };
    let report = |refund: &GatewayRefund| advance(FulfilmentTransition::RefundReported(refund.clone()));
    let accepted = decide(&report(&another), made, at(8)).output;
    let (order, payment) = (accepted.0.as_ref().unwrap(), accepted.1.as_ref().unwrap());
    assert_eq!((order.refunds[1].status, payment.refunded), (RefundStatus::Pending, payment.captured));
    assert_eq!(order.refund_check_at, Some(at(8)), "the refunds are read at once");
    assert_eq!(refusal(&report(&another), accepted.clone(), at(9)), AdvanceError::Stale);
    let failed = decide(&report(&failed), accepted, at(9)).output;
    let made = decide(&report(&another), failed, at(9)).output;
    let (order, payment) = (made.0.unwrap(), made.1.unwrap());
    assert_eq!(order.refunds[1].status, RefundStatus::Succeeded);
    assert_eq!(payment.refunded, payment.captured);
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
