//! Property test of the order state machine: arbitrary sequences of transitions against a model of the stock
//! and the payment. No sequence leaves units or money unaccounted for.

mod reconciliation;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use crate::domain::order::cancel::CancelOrder;
use crate::domain::order::deliver::DeliverOrder;
use crate::domain::order::expire::ExpireOrder;
use crate::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition, OrderAndPayment};
use crate::domain::order::fulfilment::record_capture::RecordCapture;
use crate::domain::order::fulfilment::{Effect, Fulfilment, StockPosition, next};
use crate::domain::order::payment::refund::RefundStatus;
use crate::domain::order::payment::{Capture, Checkout, ClientSecret, DeclineCode, GatewayId, Payment};
use crate::domain::order::refund::RefundOrder;
use crate::domain::order::ship::ShipOrder;
use crate::domain::order::tests::{NOW, placed, placed_free};
use crate::domain::order::{Order, OrderStatus, Party, Shipment};
use crate::domain::product::Stock;
use crate::domain::user::Role;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::saga::Step;
use crate::kit::command::{Change, Command, Condition, Operation};
use crate::kit::system::clock::Timestamp;

/// Action that may occur in any state, expected or not.
#[derive(Debug, Clone)]
enum Action {
    /// Run the next saga step with an arbitrary gateway response.
    Saga(GatewayResult),
    /// Apply a transition that does not match the current step, as a redelivered or late message does.
    Stray(GatewayResult, u32),
    /// The gateway reports a capture of one of two payment intents, of the order total or of another amount.
    Report {
        intent: u8,
        exact: bool,
    },
    Cancel {
        seller: bool,
    },
    Expire,
    Ship,
    Deliver,
    Refund(Option<i64>),
    /// The seller deletes the product.
    DeleteProduct,
}

#[derive(Debug, Clone, Copy)]
enum GatewayResult {
    Succeeded,
    Refused,
    Failed,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let result = || {
        prop_oneof![
            4 => Just(GatewayResult::Succeeded),
            1 => Just(GatewayResult::Refused),
            1 => Just(GatewayResult::Failed),
        ]
    };
    let action = prop_oneof![
        8 => result().prop_map(Action::Saga),
        2 => (result(), 0..6_u32).prop_map(|(result, which)| Action::Stray(result, which)),
        2 => (0..2_u8, any::<bool>()).prop_map(|(intent, exact)| Action::Report { intent, exact }),
        1 => any::<bool>().prop_map(|seller| Action::Cancel { seller }),
        1 => Just(Action::Expire),
        2 => Just(Action::Ship),
        1 => Just(Action::Deliver),
        3 => prop_oneof![Just(None), (1..4_500_i64).prop_map(Some)].prop_map(Action::Refund),
        1 => Just(Action::DeleteProduct),
    ];
    prop::collection::vec(action, 1..40)
}

/// Orders with and without a payment method and a total.
fn orders() -> impl Strategy<Value = Order> {
    let method = prop_oneof![Just(None), Just(Some("pm_card_visa"))];
    prop_oneof![3 => method.clone().prop_map(placed), 1 => method.prop_map(placed_free)]
}

/// Order and payment under test, with the stock of the product.
struct World {
    state: OrderAndPayment,
    /// Stock of the product; `None` once the product was deleted.
    stock: Option<Stock>,
    now: Timestamp,
}

fn euros(amount: i64) -> Money {
    Money::new(Amount::try_from(amount).unwrap(), "EUR".parse().unwrap())
}

fn capture(intent: u8, amount: Money) -> Capture {
    Capture { gateway_id: GatewayId(format!("pi_{intent}")), amount }
}

impl World {
    fn new(order: Order) -> Self {
        let stock = Stock { available: 5, ..Stock::default() };
        Self { state: (Some(order), None), stock: Some(stock), now: Timestamp::from_millis(NOW) }
    }

    fn order(&self) -> &Order {
        self.state.0.as_ref().unwrap()
    }

    fn actor(&self, party: Party) -> Actor {
        let user = if party == Party::Seller { self.order().seller_id } else { self.order().buyer_id };
        Actor { user, role: Role::User }
    }

    /// Returns the transition that `result` causes at the current step.
    fn transition_for(&self, result: GatewayResult) -> Option<FulfilmentTransition> {
        let code = DeclineCode::new("card_declined");
        let checkout =
            Checkout { gateway_id: GatewayId("pi_0".into()), client_secret: ClientSecret("secret".into()) };
        match (next(self.order(), self.now), result) {
            (Step::Commit(by), _) => Some(by),
            (
                Step::Call(
                    Effect::Charge(_)
                    | Effect::FindCharge(_)
                    | Effect::ResolveCharge(_)
                    | Effect::FindCancelledCharge(_),
                ),
                GatewayResult::Succeeded,
            ) => Some(FulfilmentTransition::Captured(capture(0, self.order().total))),
            (Step::Call(Effect::Charge(intent) | Effect::ResolveCharge(intent)), GatewayResult::Failed) => {
                Some(FulfilmentTransition::ChargeFailed(intent.attempt))
            }
            (Step::Call(Effect::FindCharge(intent)), GatewayResult::Failed) => {
                Some(FulfilmentTransition::RetryCharge(intent.attempt))
            }
            (Step::Call(Effect::ResolveCharge(_) | Effect::FindCancelledCharge(_)), _) => {
                Some(FulfilmentTransition::NotCharged)
            }
            (Step::Call(Effect::CreateCheckout(_)), GatewayResult::Succeeded) => {
                Some(FulfilmentTransition::Payable(checkout))
            }
            (Step::Call(Effect::Charge(_) | Effect::FindCharge(_) | Effect::CreateCheckout(_)), _) => {
                Some(FulfilmentTransition::Declined(code))
            }
            (Step::Call(Effect::Refund(refund) | Effect::FindRefund(refund)), result) => Some(match result {
                GatewayResult::Succeeded => FulfilmentTransition::Refunded(refund.number),
                GatewayResult::Refused => FulfilmentTransition::RefundRefused(refund.number, code),
                GatewayResult::Failed => FulfilmentTransition::RetryRefund(refund.number, refund.attempt),
            }),
            (Step::Wait(_) | Step::Finished, _) => None,
        }
    }

    fn stray(&self, result: GatewayResult, which: u32) -> FulfilmentTransition {
        let code = DeclineCode::new("card_declined");
        let product = self.order().lines[0].product_id;
        match (result, which) {
            (_, 0) => FulfilmentTransition::Reserve,
            (GatewayResult::Succeeded, 1) => FulfilmentTransition::NotCharged,
            (GatewayResult::Refused, 1) => FulfilmentTransition::OutOfStock(product),
            (GatewayResult::Failed, 1) => FulfilmentTransition::RetryCharge(1),
            (GatewayResult::Failed, 2) => FulfilmentTransition::ChargeFailed(1),
            (GatewayResult::Succeeded, 2) => FulfilmentTransition::Captured(capture(0, self.order().total)),
            (_, 2) => FulfilmentTransition::Declined(code),
            (GatewayResult::Succeeded, number) => FulfilmentTransition::Refunded(number - 2),
            (GatewayResult::Refused, number) => FulfilmentTransition::RefundRefused(number - 2, code),
            (GatewayResult::Failed, number) => FulfilmentTransition::RetryRefund(number - 2, 1),
        }
    }

    fn apply_action(&mut self, action: Action) {
        self.now = self.now.saturating_add(Duration::from_mins(7));
        let (id, payment_window) = (self.order().id, Duration::from_hours(1));
        match action {
            Action::Saga(result) => {
                if let Some(by) = self.transition_for(result) {
                    self.decide_both(AdvanceOrder { id, by, payment_window });
                }
            }
            Action::Stray(result, which) => {
                self.decide_both(AdvanceOrder { id, by: self.stray(result, which), payment_window });
            }
            Action::Report { intent, exact } => {
                let amount = if exact { self.order().total } else { euros(4_000) };
                self.decide_both(RecordCapture { order_id: id, capture: capture(intent, amount) });
            }
            Action::Cancel { seller } => {
                let by = self.actor(if seller { Party::Seller } else { Party::Buyer });
                let state = self.state.clone();
                self.decide_order(CancelOrder { id, by, reason: None }, state);
            }
            Action::Expire => self.decide_order(ExpireOrder { id }, self.state.0.clone()),
            Action::Ship => {
                let shipment =
                    Shipment { carrier: "DHL".parse().unwrap(), tracking_number: "1".parse().unwrap() };
                let (by, state) = (self.actor(Party::Seller), self.state.clone());
                self.decide_order(ShipOrder { id, by, shipment }, state);
            }
            Action::Deliver => {
                self.decide_order(DeliverOrder { id, by: self.actor(Party::Seller) }, self.state.0.clone());
            }
            Action::Refund(amount) => {
                let (by, reason, amount) =
                    (self.actor(Party::Seller), "scratched".parse().unwrap(), amount.map(euros));
                let state = self.state.clone();
                self.decide_order(RefundOrder { id, by, amount, reason }, state);
            }
            Action::DeleteProduct => self.stock = self.stock.filter(|stock| stock.reserved > 0),
        }
    }

    /// Executes a command that decides on order and payment.
    fn decide_both<C: Command<State = OrderAndPayment, Output = OrderAndPayment>>(&mut self, command: C) {
        if let Ok(change) = command.decide(self.state.clone(), self.now)
            && let Some((order, payment)) = self.apply(change)
        {
            self.state = (order, payment.or_else(|| self.state.1.clone()));
        }
    }

    /// Executes a command that changes only the order.
    fn decide_order<C: Command<Output = Order>>(&mut self, command: C, state: C::State) {
        if let Ok(change) = command.decide(state, self.now)
            && let Some(order) = self.apply(change)
        {
            self.state.0 = Some(order);
        }
    }

    /// Applies the adjustments of the change to the stock, and checks that it has at most one event per
    /// written entity. `None` if the product must exist and does not, so that nothing is committed.
    fn apply<T, E>(&mut self, change: Change<T, E>) -> Option<T> {
        let (output, writes, events) = change.into_parts().unwrap();
        let puts = writes.iter().filter(|write| matches!(write.operation, Operation::Put { .. })).count();
        assert!(events.len() <= puts, "more events than written entities");
        for write in &writes {
            let Operation::Adjust(adjustment) = &write.operation else { continue };
            let Some(stock) = &mut self.stock else {
                assert!(adjustment.counters.iter().any(|(_, by)| *by < 0));
                if write.condition == Condition::NoneBelowZeroIfExists {
                    continue;
                }
                return None;
            };
            let mut counters = serde_json::to_value(*stock).unwrap();
            for (counter, by) in &adjustment.counters {
                let moved = counters[*counter].as_i64().unwrap() + by;
                assert!(moved >= 0, "stock counter {counter} is negative");
                counters[*counter] = json!(moved);
            }
            *stock = serde_json::from_value(counters).unwrap();
        }
        Some(output)
    }

    fn check(&self, before: &Order) {
        let order = self.order();
        self.check_version(before);
        if before.stock_position() == StockPosition::Available
            && order.stock_position() != StockPosition::Available
        {
            let reserved = if order.is_free() { OrderStatus::Confirmed } else { OrderStatus::AwaitingPayment };
            let (from, to) = (before.status, order.status);
            assert_eq!((from, to), (OrderStatus::Pending, reserved), "reserved in another transition");
        }
        let terminal =
            [OrderStatus::Rejected, OrderStatus::Cancelled, OrderStatus::Expired, OrderStatus::Refunded];
        assert!(
            !terminal.contains(&before.status) || order.status == before.status,
            "a terminal status changed"
        );
        let (reserved, sold) = match order.stock_position() {
            StockPosition::Available => (0, 0),
            StockPosition::Reserved => (2, 0),
            StockPosition::Sold => (0, 2),
        };
        if let Some(stock) = self.stock {
            assert_eq!(stock, Stock { available: 5 - reserved - sold, reserved, sold }, "{order:?}");
        }
        let Some(payment) = &self.state.1 else {
            assert!(order.refunds.is_empty() && order.payment_id.is_none());
            return;
        };
        self.check_money(order, payment);
    }

    /// A decision changes nothing, or creates the next version and an entry of the timeline for a new status.
    fn check_version(&self, before: &Order) {
        let order = self.order();
        if order == before {
            return;
        }
        assert_eq!((order.version, order.updated_at), (before.version.next(), self.now));
        let entries = order.timeline.iter().map(|entry| (entry.status, entry.at));
        let status_changed = (order.status != before.status).then_some((order.status, self.now));
        assert!(
            entries.eq(before.timeline.iter().map(|entry| (entry.status, entry.at)).chain(status_changed))
        );
        let fixed = |order: &Order| (order.id, order.buyer_id, order.total, order.created_at);
        assert_eq!(fixed(order), fixed(before));
    }

    fn check_money(&self, order: &Order, payment: &Payment) {
        let sum_of = |status| {
            let own = order
                .refunds
                .iter()
                .filter(move |refund| refund.status == status && refund.gateway_id == payment.gateway_id);
            own.map(|refund| refund.amount.amount()).sum::<i64>()
        };
        let (refunded, pending) = (sum_of(RefundStatus::Succeeded), sum_of(RefundStatus::Pending));
        assert_eq!(refunded, payment.refunded.amount());
        assert!(refunded + pending <= payment.captured.amount(), "more is refunded than was captured");
        let left = payment.captured.amount() - refunded - pending;
        match order.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered if !order.is_free() => {
                assert_eq!(payment.captured, order.total);
            }
            _ => assert_eq!(left, 0, "an ended order keeps money: {order:?}"),
        }
        if order.is_free() {
            assert!(!matches!(order.fulfilment, Fulfilment::Refunding { .. }), "a free order waits: {order:?}");
        } else if order.pending_refund().is_some() {
            assert!(matches!(next(order, self.now), Step::Call(Effect::Refund(_) | Effect::FindRefund(_))));
        } else {
            assert!(
                !matches!(order.fulfilment, Fulfilment::Refunding { .. }),
                "no refund is pending: {order:?}"
            );
        }
        for duplicate in order.refunds.iter().filter(|refund| refund.gateway_id != payment.gateway_id) {
            assert_ne!(duplicate.status, RefundStatus::Failed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_transition_sequence_loses_units_or_money(order in orders(), actions in actions()) {
        let mut world = World::new(order);
        for action in actions {
            let before = world.order().clone();
            world.apply_action(action);
            world.check(&before);
        }
    }
}
