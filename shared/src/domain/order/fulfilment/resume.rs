//! Resuming the saga of an order that has stopped, for example because its message was lost.

use super::Fulfilment;
use crate::domain::order::{Order, OrderEvent, OrderId};
use crate::domain::values::stall::{is_stalled, next_examination};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Requests the continuation of an order's saga, by an event like the one that started it.
#[derive(Debug, Clone, Copy)]
pub struct ResumeOrder {
    /// Id of the order.
    pub id: OrderId,
}

/// The order does not exist, its saga has no step to execute, or it has not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the saga of the order has not stopped")]
pub struct NotStalled;

impl Order {
    /// Time at which the sweeper examines the order; `None` if the saga has no step to execute or waits for
    /// the buyer's payment.
    #[must_use]
    pub fn examined_at(&self) -> Option<Timestamp> {
        let refund_begun = self.due_refund().map(|refund| refund.at);
        let begun = refund_begun.or_else(|| self.fulfilment_begun_at())?;
        Some(next_examination(begun, self.resumed_at))
    }

    /// Time at which the fulfilment began, while it has a step to execute apart from refunds.
    #[must_use]
    pub fn fulfilment_begun_at(&self) -> Option<Timestamp> {
        match self.fulfilment {
            Fulfilment::Accepted | Fulfilment::Charging { .. } | Fulfilment::ResolvingCharge { .. } => {
                Some(self.created_at)
            }
            Fulfilment::ClosingCheckout { since, .. } => Some(since),
            // The gateway refused the last refund: the end of the order is a step that is still to execute.
            Fulfilment::Refunding { .. } if self.due_refund().is_none() => {
                self.refunds.last().map(|refund| refund.at)
            }
            Fulfilment::AwaitingPayment { .. } | Fulfilment::Refunding { .. } | Fulfilment::Finished => None,
        }
    }
}

impl Command for ResumeOrder {
    type State = Option<Order>;
    type Output = ();
    type Error = NotStalled;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`NotStalled`].
    fn decide(&self, order: Self::State, now: Timestamp) -> Result<Change<(), NotStalled>, NotStalled> {
        let has_stopped = |order: &Order| {
            order.examined_at().is_some_and(|at| at <= now) && is_stalled(order.updated_at, now)
        };
        let order = order.filter(has_stopped).ok_or(NotStalled)?;
        let resumed = Order { resumed_at: Some(now), ..order.next_version(now) };
        Ok(Change::of(()).save(&resumed, OrderEvent::Resumed((&resumed).into())))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::order::payment::refund::RefundStatus;
    use crate::domain::order::tests::{NOW, confirmed, placed};
    use crate::domain::order::{OrderStatus, Party};
    use crate::domain::tests::{decide, euros, refusal};

    fn minutes(minutes: u64) -> Timestamp {
        Timestamp::from_millis(NOW).saturating_add(Duration::from_mins(minutes))
    }

    #[test]
    fn order_that_stopped_is_resumed_at_doubling_intervals() {
        let resume = ResumeOrder { id: placed(None).id };
        let charging = placed(Some("pm_card_visa")).reserved(Duration::from_hours(1), minutes(0)).unwrap();
        for order in [placed(None), charging] {
            assert_eq!(refusal(&resume, Some(order.clone()), minutes(14)), NotStalled);
            let resumed = decide(&resume, Some(order.clone()), minutes(15));
            let expected = Order {
                version: order.version.next(),
                resumed_at: Some(minutes(15)),
                updated_at: minutes(15),
                ..order
            };
            assert_eq!(resumed.stored::<Order>(), expected);
            assert_eq!(resumed.events(), [("order.resumed", expected.version)]);
            assert_eq!(expected.examined_at(), Some(minutes(30)));
        }
    }

    #[test]
    fn order_that_changed_recently_is_not_resumed() {
        let resume = ResumeOrder { id: placed(None).id };
        let order = Order { updated_at: minutes(10), ..placed(None) };
        assert_eq!(refusal(&resume, Some(order.clone()), minutes(24)), NotStalled);
        assert!(resume.decide(Some(order), minutes(25)).is_ok());
        assert_eq!(refusal(&resume, None, minutes(99)), NotStalled);
    }

    #[test]
    fn order_without_a_step_to_execute_is_not_examined() {
        let waiting = placed(None).reserved(Duration::from_hours(1), minutes(0)).unwrap();
        let rejected = placed(None).out_of_stock("none".to_owned(), minutes(0)).unwrap();
        let (confirmed, _) = confirmed();
        assert_eq!(confirmed.status, OrderStatus::Confirmed);
        for order in [waiting, rejected, confirmed] {
            assert_eq!(order.examined_at(), None, "{order:?}");
        }
    }

    #[test]
    fn order_whose_last_refund_was_refused_is_resumed() {
        let (order, payment) = confirmed();
        let mut order = order.cancelled(Party::Buyer, None, Some(&payment), minutes(60)).unwrap();
        order.refunds[0].status = RefundStatus::Failed;
        assert_eq!(order.fulfilment_begun_at(), Some(minutes(60)));
        assert_eq!(order.examined_at(), Some(minutes(75)));
        let resume = ResumeOrder { id: order.id };
        assert_eq!(decide(&resume, Some(order), minutes(75)).events()[0].0, "order.resumed");
    }

    #[test]
    fn pending_refund_is_examined_after_its_decision() {
        let (order, payment) = confirmed();
        let refunding =
            order.with_refund_due(&payment.gateway_id, euros(5), Party::Seller, "cracked", minutes(60));
        assert_eq!(refunding.examined_at(), Some(minutes(75)));
    }
}
