//! Checks of an order's refunds against the gateway, in case a webhook is lost: when one is due, and its end.

use std::convert::Infallible;
use std::time::Duration;

use super::{Refund, RefundStatus};
use crate::domain::order::{Order, OrderEvent, OrderId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Interval between the first checks of a refund that the gateway has accepted and not made. Later intervals
/// grow with the age of the refund.
const MIN_INTERVAL: Duration = Duration::from_hours(1);
/// Maximum interval between checks of such a refund.
const MAX_INTERVAL: Duration = Duration::from_hours(24);
/// Time after which a refund that was made no longer fails: a bank returns the money within 30 days
/// (<https://docs.stripe.com/refunds#failed-refunds>).
const FINAL_AFTER: Duration = Duration::from_hours(30 * 24);

impl Order {
    /// Time of the next check of the refunds; `None` if none can change any more.
    pub(crate) fn next_refund_check(&self, now: Timestamp) -> Option<Timestamp> {
        let accepted = || self.refunds.iter().filter(|refund| refund.refund_id.is_some());
        let open = accepted().filter(|refund| refund.is_open()).map(|refund| refund.at).min();
        if let Some(decided_at) = open {
            let interval = now.duration_since(decided_at).clamp(MIN_INTERVAL, MAX_INTERVAL);
            return Some(now.saturating_add(interval));
        }
        let is_made = |refund: &&Refund| refund.status == RefundStatus::Succeeded;
        let last = accepted().filter(is_made).map(|refund| refund.at).max()?;
        Some(last.saturating_add(FINAL_AFTER)).filter(|final_at| now < *final_at)
    }
}

/// Completes a check of the refunds of an order, and plans the next one.
#[derive(Debug, Clone, Copy)]
pub struct CompleteRefundCheck {
    /// Id of the order.
    pub order_id: OrderId,
}

impl Command for CompleteRefundCheck {
    type State = Option<Order>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.order_id)
    }

    fn decide(&self, order: Self::State, now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let due = order.filter(|order| order.refund_check_at.is_some_and(|due_at| due_at <= now));
        let Some(order) = due else { return Ok(Change::of(())) };
        let refund_check_at = order.next_refund_check(now);
        let checked = Order { refund_check_at, ..order.next_version(now) };
        Ok(Change::of(()).save(&checked, OrderEvent::Progressed((&checked).into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Party;
    use crate::domain::order::payment::GatewayId;
    use crate::domain::order::tests::confirmed;
    use crate::domain::tests::{at, decide, euros};

    const HOUR: i64 = 60 * 60 * 1_000;

    fn order(status: RefundStatus, refund_id: Option<&str>) -> Order {
        let (order, payment) = confirmed();
        let mut order = order.with_refund_due(&payment.gateway_id, euros(5), Party::Seller, "cracked", at(0));
        order.refunds[0].status = status;
        order.refunds[0].refund_id = refund_id.map(|id| GatewayId(id.to_owned()));
        order
    }

    #[test]
    fn open_refund_is_checked_hourly_and_later_daily() {
        for status in [RefundStatus::Pending, RefundStatus::RequiresAction] {
            let order = order(status, Some("re_1"));
            for (now, next) in [(0, 1), (1, 2), (5, 10), (24, 48), (100, 124)] {
                assert_eq!(order.next_refund_check(at(now * HOUR)), Some(at(next * HOUR)), "{now}");
            }
        }
        assert_eq!(
            order(RefundStatus::Pending, None).next_refund_check(at(0)),
            None,
            "it is not requested yet"
        );
    }

    #[test]
    fn made_refund_is_checked_once_after_thirty_days() {
        let made = order(RefundStatus::Succeeded, Some("re_1"));
        let days = 30 * 24 * HOUR;
        assert_eq!(made.next_refund_check(at(0)), Some(at(days)));
        assert_eq!(made.next_refund_check(at(days)), None);
        for status in [RefundStatus::Failed, RefundStatus::Cancelled] {
            assert_eq!(order(status, Some("re_1")).next_refund_check(at(0)), None);
        }
    }

    #[test]
    fn completed_check_plans_the_next_one_once() {
        let check = CompleteRefundCheck { order_id: confirmed().0.id };
        let due = Order { refund_check_at: Some(at(7)), ..order(RefundStatus::Pending, Some("re_1")) };
        decide(&check, Some(due.clone()), at(6)).assert_unchanged();
        decide(&check, None, at(7)).assert_unchanged();
        let checked = decide(&check, Some(due), at(7)).stored::<Order>();
        assert_eq!(checked.refund_check_at, Some(at(HOUR + 7)));
        decide(&check, Some(checked), at(7)).assert_unchanged();
    }
}
