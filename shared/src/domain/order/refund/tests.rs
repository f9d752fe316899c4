//! Refunds of the rest, and of an amount.

use std::time::Duration;

use super::*;
use crate::domain::order::lines::LineAmounts;
use crate::domain::order::payment::GatewayId;
use crate::domain::order::payment::refund::lines::RefundLine;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::tests::{confirmed, placed, placed_free};
use crate::domain::tests::{BUYER, SELLER, STRANGER, actor, at, decide, dollars, euros, moderator, refusal};
use crate::domain::user::Role;

const TOTAL: i64 = 3_998;

fn refund(amount: Option<Money>) -> RefundOrder {
    RefundOrder {
        may_refund_any: false,
        id: placed(None).id,
        by: actor(SELLER),
        part: amount.map_or(RefundPart::Rest, RefundPart::Amount),
        reason: "cracked".parse().unwrap(),
    }
}

fn untaxed(amount: i64) -> LineAmounts {
    LineAmounts { net: euros(amount), tax: euros(0), gross: euros(amount) }
}

/// Confirmed order with a number of refunds of one cent.
fn with_refunds(count: usize) -> OrderAndPayment {
    let (order, payment) = confirmed();
    let refunded = (0..count).fold(order, |order, _| {
        order.with_refund_due(&payment.gateway_id, euros(1), Party::Seller, "cracked", at(0))
    });
    let refunded = refunded.with_refunds_by_line(&payment);
    (Some(refunded), Some(payment))
}

#[test]
fn refund_is_pending_in_the_next_version() {
    for (amount, refunded) in [(None, TOTAL - 2), (Some(euros(TOTAL - 2)), TOTAL - 2), (Some(euros(1)), 1)] {
        let (order, payment) = with_refunds(2);
        let started = decide(&refund(amount), (order.clone(), payment.clone()), at(7));
        let mut expected = order.unwrap();
        expected.version = expected.version.next();
        expected.updated_at = at(7);
        expected.refunds.push(Refund {
            number: 3,
            gateway_id: payment.unwrap().gateway_id,
            amount: euros(refunded),
            lines: vec![RefundLine { line: 0, units: 0, restocked: 0, amounts: untaxed(refunded) }],
            by: Party::Seller,
            reason: "cracked".to_owned(),
            status: RefundStatus::Pending,
            failure: None,
            failed_after: None,
            commission: None,
            refund_id: None,
            attempt: 1,
            decided_at: at(7),
            at: at(7),
        });
        assert_eq!((started.stored(), &started.output), (expected.clone(), &expected));
        assert_eq!(started.events(), [("order.refund_started", expected.version)]);
    }
}

#[test]
fn amount_is_limited_to_the_refundable_rest() {
    let refused = |amount| refusal(&refund(Some(amount)), with_refunds(1), at(7));
    assert_eq!(
        refused(euros(TOTAL)),
        RefundError::AmountTooLarge { order: placed(None).id, left: euros(TOTAL - 1) }
    );
    assert_eq!(refused(euros(0)), RefundError::ZeroAmount);
    assert_eq!(refused(dollars(1)), RefundError::OtherCurrency);
    let state = with_refunds(0);
    let all = decide(&refund(None), state.clone(), at(7)).output;
    for amount in [None, Some(euros(0)), Some(euros(1))] {
        let refused = refusal(&refund(amount), (Some(all.clone()), state.1.clone()), at(8));
        assert_eq!(refused, RefundError::AmountTooLarge { order: placed(None).id, left: euros(0) });
    }
}

#[test]
fn number_of_refunds_is_limited() {
    let last = decide(&refund(None), with_refunds(MAX_REFUNDS - 1), at(7));
    assert_eq!(last.output.refunds.len(), MAX_REFUNDS);
    let (order, payment) = with_refunds(MAX_REFUNDS);
    let refused = refusal(&refund(None), (order.clone(), payment.clone()), at(7));
    assert_eq!(refused, RefundError::TooMany(placed(None).id, MAX_REFUNDS));
    let mut order = order.unwrap();
    order.refunds[0].status = RefundStatus::Failed;
    decide(&refund(None), (Some(order), payment), at(7));

    let (order, payment) = with_refunds(MAX_REQUESTED_REFUNDS);
    let mut order = order.unwrap();
    order.refunds.iter_mut().for_each(|refund| refund.status = RefundStatus::Failed);
    let refused = refusal(&refund(None), (Some(order), payment), at(7));
    assert_eq!(refused, RefundError::TooMany(placed(None).id, MAX_REQUESTED_REFUNDS));
}

#[test]
fn order_with_total_zero_has_nothing_to_refund() {
    let confirmed = placed_free(None).reserved(Duration::from_hours(1), at(0)).unwrap();
    for amount in [None, Some(euros(0)), Some(euros(1))] {
        let refused = refusal(&refund(amount), (Some(confirmed.clone()), None), at(7));
        assert_eq!(refused, RefundError::NothingToRefund(placed(None).id));
    }
}

#[test]
fn kept_money_of_an_ended_order_is_refunded() {
    let (order, payment) = confirmed();
    let mut order =
        order.with_refund_due(&payment.gateway_id, euros(TOTAL), Party::System, "cancelled", at(0));
    order.refunds[0].status = RefundStatus::Failed;
    for status in [OrderStatus::Cancelled, OrderStatus::Refunded, OrderStatus::Rejected, OrderStatus::Expired]
    {
        let ended = Order { status, ..order.clone() };
        let again = decide(&refund(None), (Some(ended), Some(payment.clone())), at(7)).output;
        assert_eq!((again.status, again.refunds[1].amount), (status, euros(TOTAL)));
        let refused = refusal(&refund(None), (Some(again), Some(payment.clone())), at(8));
        assert_eq!(refused, RefundError::InvalidState(placed(None).id), "nothing is left");
    }
    let free = Order { lines: placed_free(None).lines, ..order };
    assert_eq!(
        decide(&refund(None), (Some(free), Some(payment)), at(7)).output.refunds[1].amount,
        euros(TOTAL)
    );
}

#[test]
fn kept_duplicate_payment_is_refunded_before_the_payment() {
    let (order, payment) = confirmed();
    let duplicate = GatewayId("pi_2".to_owned());
    let mut order = order.with_refund_due(&duplicate, euros(700), Party::System, "duplicate payment", at(0));
    let state = (Some(order.clone()), Some(payment.clone()));
    let of_payment = decide(&refund(Some(euros(1))), state, at(7)).output.refunds.pop().unwrap();
    assert_eq!(of_payment.gateway_id, payment.gateway_id);
    order.refunds[0].status = RefundStatus::Failed;
    let state = (Some(order), Some(payment));
    let again = decide(&refund(None), state, at(7)).output.refunds.pop().unwrap();
    assert_eq!((again.gateway_id, again.amount), (duplicate, euros(700)));
}

#[test]
fn administrator_refunds_on_behalf_of_the_marketplace() {
    let by = Actor { role: Role::Admin, ..actor(STRANGER) };
    let command = RefundOrder { by, may_refund_any: true, ..refund(None) };
    let started = decide(&command, with_refunds(0), at(7)).output;
    assert_eq!(started.refunds[0].by, Party::System);
    let refused = refusal(&RefundOrder { by: moderator(), ..refund(None) }, with_refunds(0), at(7));
    assert_eq!(refused, AccessError::Forbidden("only the seller of the order may do this").into());
    let stranger = refusal(&RefundOrder { by: actor(STRANGER), ..refund(None) }, with_refunds(0), at(7));
    assert_eq!(stranger, AccessError::not_found(placed(None).id).into());
}

#[test]
fn only_the_seller_refunds_a_paid_order() {
    let by_buyer = RefundOrder { by: actor(BUYER), ..refund(None) };
    let refused = refusal(&by_buyer, with_refunds(0), at(7));
    let forbidden = AccessError::Forbidden("only the seller of the order may do this");
    assert_eq!(refused, forbidden.into());
    let (order, payment) = confirmed();
    let pending = (Some(placed(None)), Some(payment.clone()));
    let unpaid = (Some(order.clone()), None);
    let cancelled = order.cancelled(Party::Buyer, None, Some(&payment), at(0)).unwrap();
    let ended = Order { fulfilment: Fulfilment::Finished, ..cancelled.clone() };
    let ended = (Some(ended), Some(payment.clone()));
    for state in [pending, unpaid, ended, (Some(cancelled), Some(payment))] {
        assert_eq!(refusal(&refund(None), state, at(7)), RefundError::InvalidState(placed(None).id));
    }
}
