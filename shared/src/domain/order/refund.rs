//! Refunding an order, in full or in part.

use super::fulfilment::Fulfilment;
use super::{Order, OrderEvent, OrderId, OrderStatus, Party};
use crate::domain::access::{AccessError, forbid_unless};
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::payment::refund::{MAX_REFUNDS, MAX_REQUESTED_REFUNDS};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::Reason;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Decides on a refund, on behalf of the seller or of the marketplace. The order's fulfilment requests it
/// from the gateway. An order that has ended can be refunded if it kept money, because a refund has failed.
#[derive(Debug, Clone)]
pub struct RefundOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that decides on the refund.
    pub by: Actor,
    /// True if the actor may refund orders of all sellers.
    pub may_refund_any: bool,
    /// Amount to refund; `None` refunds the remaining amount.
    pub amount: Option<Money>,
    /// Reason for the refund.
    pub reason: Reason,
}

/// Reason why a refund is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order is not paid, or is already fully refunded.
    #[error("order {0} cannot be refunded: it is not paid, or is already refunded")]
    InvalidState(OrderId),
    /// The total of the order is zero.
    #[error("order {0} cannot be refunded: its total is 0, so there is nothing to refund")]
    NothingToRefund(OrderId),
    /// The amount is zero.
    #[error("must be more than 0")]
    ZeroAmount,
    /// The currency differs from that of the payment.
    #[error("must be the same as the currency of the payment")]
    OtherCurrency,
    /// The amount exceeds the refundable amount of the payment. Pending refunds count as refunded.
    #[error(
        "at most {} {} of order {order} can still be refunded",
        .left.amount(),
        .left.currency().as_str()
    )]
    AmountTooLarge {
        /// Id of the order.
        order: OrderId,
        /// Refundable amount.
        left: Money,
    },
    /// The order already has the maximum number of refunds.
    #[error("order {0} has {1} refunds, which is the maximum")]
    TooMany(OrderId, usize),
}

impl Command for RefundOrder {
    type State = OrderAndPayment;
    type Output = Order;
    type Error = RefundError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`RefundError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, RefundError>, RefundError> {
        let (order, by) = self.authorize(order)?;
        let payment = payment.filter(|_| order.fulfilment == Fulfilment::Finished);
        let refundable = payment.map(|payment| order.refundable(&payment));
        if order.is_free() && refundable.as_ref().is_none_or(|(_, left)| left.amount() == 0) {
            return Err(RefundError::NothingToRefund(self.id));
        }
        let is_active =
            matches!(order.status, OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered);
        let refundable = refundable.filter(|(_, left)| is_active || left.amount() > 0);
        let (gateway_id, left) = refundable.ok_or(RefundError::InvalidState(self.id))?;
        let amount = self.within(left)?;
        if order.refunds.len() >= MAX_REQUESTED_REFUNDS {
            return Err(RefundError::TooMany(self.id, MAX_REQUESTED_REFUNDS));
        }
        // Refunds that were not made do not count, so that their amount can be refunded again.
        if order.refunds.iter().filter(|refund| !refund.status.is_unmade()).count() >= MAX_REFUNDS {
            return Err(RefundError::TooMany(self.id, MAX_REFUNDS));
        }
        let refunding = order.with_refund_due(&gateway_id, amount, by, self.reason.as_str(), now);
        let order = refunding.next_version(now);
        Ok(Change::of(order.clone()).save(&order, OrderEvent::RefundStarted((&order).into())))
    }
}

impl RefundOrder {
    /// Returns the order with the party on whose behalf the actor may refund it.
    fn authorize(&self, order: Option<Order>) -> Result<(Order, Party), AccessError> {
        let visible = order.filter(|order| order.is_visible_to(&self.by));
        let order = visible.ok_or(AccessError::not_found(self.id))?;
        if order.seller_id == self.by.user {
            return Ok((order, Party::Seller));
        }
        forbid_unless(self.may_refund_any, "only the seller of the order may do this")?;
        Ok((order, Party::System))
    }

    /// Returns the amount to refund, if it is refundable.
    fn within(&self, left: Money) -> Result<Money, RefundError> {
        let amount = self.amount.unwrap_or(left);
        if amount.currency() != left.currency() {
            return Err(RefundError::OtherCurrency);
        }
        if left.amount() == 0 {
            return Err(RefundError::AmountTooLarge { order: self.id, left });
        }
        if amount.amount() == 0 {
            return Err(RefundError::ZeroAmount);
        }
        if left.checked_sub(amount).is_err() {
            Err(RefundError::AmountTooLarge { order: self.id, left })
        } else {
            Ok(amount)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::order::payment::GatewayId;
    use crate::domain::order::payment::refund::{Refund, RefundStatus};
    use crate::domain::order::tests::{confirmed, placed, placed_free};
    use crate::domain::tests::{
        BUYER, SELLER, STRANGER, actor, at, decide, dollars, euros, moderator, refusal,
    };
    use crate::domain::user::Role;

    const TOTAL: i64 = 3_998;

    fn refund(amount: Option<Money>) -> RefundOrder {
        RefundOrder {
            may_refund_any: false,
            id: placed(None).id,
            by: actor(SELLER),
            amount,
            reason: "cracked".parse().unwrap(),
        }
    }

    /// Confirmed order with a number of refunds of one cent.
    fn with_refunds(count: usize) -> OrderAndPayment {
        let (order, payment) = confirmed();
        let refunded = (0..count).fold(order, |order, _| {
            order.with_refund_due(&payment.gateway_id, euros(1), Party::Seller, "cracked", at(0))
        });
        (Some(refunded), Some(payment))
    }

    #[test]
    fn refund_is_pending_in_the_next_version() {
        for (amount, refunded) in
            [(None, TOTAL - 2), (Some(euros(TOTAL - 2)), TOTAL - 2), (Some(euros(1)), 1)]
        {
            let (order, payment) = with_refunds(2);
            let started = decide(&refund(amount), (order.clone(), payment.clone()), at(7));
            let mut expected = order.unwrap();
            expected.version = expected.version.next();
            expected.updated_at = at(7);
            expected.refunds.push(Refund {
                number: 3,
                gateway_id: payment.unwrap().gateway_id,
                amount: euros(refunded),
                by: Party::Seller,
                reason: "cracked".to_owned(),
                status: RefundStatus::Pending,
                failure: None,
                failed_after: None,
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
        for status in
            [OrderStatus::Cancelled, OrderStatus::Refunded, OrderStatus::Rejected, OrderStatus::Expired]
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
        let mut order =
            order.with_refund_due(&duplicate, euros(700), Party::System, "duplicate payment", at(0));
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
}
