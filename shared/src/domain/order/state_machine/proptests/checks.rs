//! Invariants that hold after each action, and once the order and the gateway are idle.

use std::collections::BTreeSet;

use super::GatewayResult;
use super::world::World;
use crate::domain::order::fulfilment::{Effect, Fulfilment, StockPosition, next};
use crate::domain::order::lines::OrderLine;
use crate::domain::order::payment::refund::lines::RefundLine;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::product::Stock;
use crate::kit::command::saga::Step;

/// Maximum number of actions until an order is idle.
const MAX_STEPS: usize = 100;

impl World {
    pub(super) fn check(&self, before: &Order) {
        let order = self.order();
        self.check_version(before);
        if before.stock_position() == StockPosition::Available
            && order.stock_position() != StockPosition::Available
        {
            let reserved =
                if order.is_free() { OrderStatus::Confirmed } else { OrderStatus::AwaitingPayment };
            let (from, to) = (before.status, order.status);
            assert_eq!((from, to), (OrderStatus::Pending, reserved), "reserved in another transition");
        }
        let terminal =
            [OrderStatus::Rejected, OrderStatus::Cancelled, OrderStatus::Expired, OrderStatus::Refunded];
        assert!(
            !terminal.contains(&before.status) || order.status == before.status,
            "a terminal status changed"
        );
        let units = 2 - i64::from(order.restocked(0));
        let (reserved, sold) = match order.stock_position() {
            StockPosition::Available => (0, 0),
            StockPosition::Reserved => (units, 0),
            StockPosition::Sold => (0, units),
        };
        if let Some(stock) = self.stock {
            assert_eq!(stock, Stock { available: 5 - reserved - sold, reserved, sold }, "{order:?}");
        }
        self.check_journal(before);
        let Some(payment) = &self.state.1 else {
            assert!(order.refunds.is_empty() && order.payment_id.is_none());
            return;
        };
        self.check_money(order, payment);
        check_lines(order, payment);
    }

    /// A decision changes nothing, or creates the next version, with an entry of the timeline for a new
    /// status and one for a refund that has failed.
    fn check_version(&self, before: &Order) {
        let order = self.order();
        if order == before {
            return;
        }
        assert_eq!((order.version, order.updated_at), (before.version.next(), self.now));
        let failed = |order: &Order| {
            order.refunds.iter().filter(|refund| refund.status == RefundStatus::Failed).count()
        };
        let added = usize::from(order.status != before.status) + failed(order).saturating_sub(failed(before));
        assert_eq!(order.timeline.len(), before.timeline.len() + added, "{order:?}");
        assert!(order.timeline.starts_with(&before.timeline));
        let last = order.timeline.last().unwrap();
        assert!(added == 0 || (last.status, last.at) == (order.status, self.now));
        let fixed = |order: &Order| (order.id, order.buyer_id, order.total(), order.created_at);
        assert_eq!(fixed(order), fixed(before));
    }

    fn check_money(&self, order: &Order, payment: &Payment) {
        let own = || order.refunds.iter().filter(|refund| refund.gateway_id == payment.gateway_id);
        let made = own().filter(|refund| refund.status == RefundStatus::Succeeded);
        assert_eq!(made.map(|refund| refund.amount.amount()).sum::<i64>(), payment.refunded.amount());
        let counted = own().filter(|refund| refund.counts_at_gateway());
        let counted: i64 = counted.map(|refund| refund.amount.amount()).sum();
        // A refund may have failed at the gateway, and another may have been made and reported before that
        // failure.
        let present = self.gateway.all();
        let is_reported = |refund: &Refund| {
            refund.refund_id.as_ref().is_none_or(|id| {
                present.iter().any(|present| present.id == *id && present.status == refund.status)
            })
        };
        assert!(
            counted <= payment.captured.amount() || !own().all(is_reported),
            "more is refunded than was captured: {order:?}"
        );
        let left = payment.refundable(&order.refunds).amount();
        match order.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered if !order.is_free() => {
                assert_eq!(payment.captured, order.total());
            }
            _ if own().any(|refund| refund.status == RefundStatus::Failed) => {}
            _ => assert_eq!(left, 0, "an ended order keeps money: {order:?}"),
        }
        if order.is_free() {
            assert!(
                !matches!(order.fulfilment, Fulfilment::Refunding { .. }),
                "a free order waits: {order:?}"
            );
        } else if order.due_refund().is_some() {
            assert!(matches!(next(order, self.now), Step::Call(Effect::Refund(_) | Effect::FindRefund(_))));
        } else if matches!(order.fulfilment, Fulfilment::Refunding { .. }) {
            assert!(matches!(next(order, self.now), Step::Commit(_)), "the order does not end: {order:?}");
        }
    }

    /// Delivers all reports of the gateway and runs the saga until nothing is left to do; then the records
    /// must match the gateway.
    pub(super) fn check_idle(&mut self) {
        for _ in 0..MAX_STEPS {
            let before = self.order().clone();
            self.apply_action(super::Action::Saga(GatewayResult::Succeeded));
            self.gateway.all().into_iter().for_each(|refund| self.record(refund));
            if *self.order() == before {
                break;
            }
        }
        let (order, payment) = (self.order(), self.state.1.as_ref());
        assert!(order.due_refund().is_none(), "a refund is not requested: {order:?}");
        assert!(
            !matches!(order.fulfilment, Fulfilment::Refunding { .. }),
            "the order does not end: {order:?}"
        );
        let payments: BTreeSet<&str> =
            order.refunds.iter().map(|refund| refund.gateway_id.0.as_str()).collect();
        for id in payments.into_iter().map(|id| GatewayId(id.to_owned())) {
            let own = || order.refunds.iter().filter(|refund| refund.gateway_id == id);
            let recorded: i64 =
                own().filter(|refund| refund.counts_at_gateway()).map(|refund| refund.amount.amount()).sum();
            let at_gateway = self.gateway.refunded(&id, &[RefundStatus::Pending, RefundStatus::Succeeded]);
            assert_eq!(recorded, at_gateway, "the records differ from the gateway: {order:?}");
            let kept = order.captured_by(&id, payment).unwrap().amount() - at_gateway;
            let is_kept = payment.is_some_and(|payment| payment.gateway_id == id) && is_active(order);
            let failed = own().any(|refund| refund.status == RefundStatus::Failed);
            assert!(is_kept || failed || kept == 0, "an ended order keeps {kept}: {order:?}");
        }
    }
}

/// The refunds of the payment are distributed over the lines, and refund no line by more than it is.
fn check_lines(order: &Order, payment: &Payment) {
    let (own, others): (Vec<&Refund>, Vec<&Refund>) =
        order.refunds.iter().partition(|refund| refund.gateway_id == payment.gateway_id);
    assert!(others.iter().all(|refund| refund.lines.is_empty()), "{order:?}");
    if payment.captured != order.total() {
        assert!(own.iter().all(|refund| refund.lines.is_empty()), "{order:?}");
        return;
    }
    let gross = |refund: &Refund| refund.lines.iter().map(|part| part.amounts.gross.amount()).sum::<i64>();
    let (unmade, own): (Vec<&Refund>, Vec<&Refund>) =
        own.into_iter().partition(|refund| refund.status.is_unmade());
    assert!(unmade.into_iter().all(|refund| gross(refund) == 0), "{order:?}");
    for (position, (line, whole)) in order.lines.iter().enumerate() {
        let parts = || own.iter().flat_map(|of| &of.lines).filter(|part| part.line == position);
        let sum = |amount: fn(&RefundLine) -> i64| parts().map(amount).sum::<i64>();
        assert!(sum(|part| part.amounts.net.amount()) <= whole.net.amount(), "{order:?}");
        assert!(sum(|part| part.amounts.tax.amount()) <= whole.tax.amount(), "{order:?}");
        let units = if let OrderLine::Item(item) = line { item.quantity.get() } else { 0 };
        assert!(parts().map(|part| part.units).sum::<u32>() <= units, "{order:?}");
        assert!(order.restocked(position) <= units, "{order:?}");
    }
    // Before a failure is recorded, the refunds of the order can be more than the payment.
    if own.iter().map(|refund| refund.amount.amount()).sum::<i64>() <= payment.captured.amount() {
        assert!(own.iter().all(|refund| gross(refund) == refund.amount.amount()), "{order:?}");
    }
}

const fn is_active(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered)
        && !order.is_free()
}
