//! The order under test, with models of its stock and of the gateway's refunds.

use std::time::Duration;

use serde_json::json;

use super::gateway::ModelGateway;
use super::{Action, GatewayResult};
use crate::domain::ledger::JournalEntry;
use crate::domain::order::cancel::CancelOrder;
use crate::domain::order::expire::ExpireOrder;
use crate::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition, OrderAndPayment};
use crate::domain::order::fulfilment::record_capture::RecordCapture;
use crate::domain::order::fulfilment::record_refund::{RecordRefund, RefundRefusal};
use crate::domain::order::fulfilment::{Effect, next};
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::refund::{RefundIntent, RefundStatus};
use crate::domain::order::payment::{Capture, Checkout, ClientSecret, DeclineCode, GatewayId};
use crate::domain::order::refund::RefundOrder;
use crate::domain::order::shipment::deliver::DeliverOrder;
use crate::domain::order::shipment::ship::ShipOrder;
use crate::domain::order::tests::NOW;
use crate::domain::order::{Order, Party, Shipment};
use crate::domain::product::Stock;
use crate::domain::tests::euros;
use crate::domain::user::Role;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::kit::command::saga::Step;
use crate::kit::command::{Change, Command, Condition, Operation, UncommittedEvent};
use crate::kit::system::clock::Timestamp;
use crate::messaging::event_routing::{Subscriber, subscribers};

/// Order and payment under test, with the stock of the product.
pub(super) struct World {
    pub(super) state: OrderAndPayment,
    /// Stock of the product; `None` once the product was deleted.
    pub(super) stock: Option<Stock>,
    /// Journal entries of the order.
    pub(super) journal: Vec<JournalEntry>,
    /// Refunds at the gateway.
    pub(super) gateway: ModelGateway,
    pub(super) now: Timestamp,
}

fn capture(intent: u8, amount: Money) -> Capture {
    Capture { gateway_id: GatewayId(format!("pi_{intent}")), amount }
}

impl World {
    pub(super) fn new(order: Order) -> Self {
        let stock = Stock { available: 5, ..Stock::default() };
        let (now, gateway) = (Timestamp::from_millis(NOW), ModelGateway::default());
        Self { state: (Some(order), None), stock: Some(stock), journal: Vec::new(), gateway, now }
    }

    pub(super) fn order(&self) -> &Order {
        self.state.0.as_ref().unwrap()
    }

    fn actor(&self, party: Party) -> Actor {
        let user = if party == Party::Seller { self.order().seller_id } else { self.order().buyer_id };
        Actor { user, role: Role::User }
    }

    /// Returns the transition that `result` causes at the current step.
    fn transition_for(&mut self, result: GatewayResult) -> Option<FulfilmentTransition> {
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
                GatewayResult::Succeeded | GatewayResult::Pending,
            ) => Some(FulfilmentTransition::Captured(capture(0, self.order().total()))),
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
            (Step::Call(Effect::Charge(_)), GatewayResult::Lost) => {
                Some(FulfilmentTransition::ActionRequired(checkout))
            }
            (Step::Call(Effect::CloseCheckout(_)), result) => self.close_checkout(result),
            (Step::Call(Effect::Charge(_) | Effect::FindCharge(_) | Effect::CreateCheckout(_)), _) => {
                Some(FulfilmentTransition::Declined(code))
            }
            (Step::Call(Effect::Refund(intent) | Effect::FindRefund(intent)), result) => {
                self.request_refund(&intent, result)
            }
            (Step::Wait(_) | Step::Finished, _) => None,
        }
    }

    /// Closes the checkout at the gateway.
    fn close_checkout(&self, result: GatewayResult) -> Option<FulfilmentTransition> {
        match result {
            GatewayResult::Succeeded => Some(FulfilmentTransition::CheckoutClosed),
            GatewayResult::Pending => Some(FulfilmentTransition::PaymentProcessing),
            GatewayResult::Refused => Some(FulfilmentTransition::Captured(capture(0, self.order().total()))),
            GatewayResult::Lost | GatewayResult::Failed => None,
        }
    }

    /// Requests a refund from the gateway. One that it has made before is read again.
    fn request_refund(
        &mut self,
        intent: &RefundIntent,
        result: GatewayResult,
    ) -> Option<FulfilmentTransition> {
        if let Some(refund) = self.gateway.find(&intent.name()) {
            return Some(FulfilmentTransition::RefundReported(refund));
        }
        let status = match result {
            GatewayResult::Pending => RefundStatus::Pending,
            GatewayResult::Succeeded | GatewayResult::Lost => RefundStatus::Succeeded,
            GatewayResult::Refused => return Some(self.refusal(intent.number, &intent.gateway_id)),
            GatewayResult::Failed => {
                return Some(FulfilmentTransition::RetryRefund(intent.number, intent.attempt));
            }
        };
        let amounts = (intent.amount.amount(), self.captured(&intent.gateway_id)?);
        let made = self.gateway.refund(&intent.gateway_id, amounts, Some(intent.name()), status);
        match made {
            Some(_) if matches!(result, GatewayResult::Lost) => None,
            Some(refund) => Some(FulfilmentTransition::RefundReported(refund)),
            None => Some(self.refusal(intent.number, &intent.gateway_id)),
        }
    }

    /// Refusal of the current attempt at a refund, with the refunds of its payment at the gateway.
    fn refusal(&self, number: u32, payment: &GatewayId) -> FulfilmentTransition {
        let refund = self.order().refunds.iter().find(|refund| refund.number == number);
        let attempt = refund.map_or(1, |refund| refund.attempt);
        let (code, refunds) = (DeclineCode::new("charge_disputed"), self.gateway.refunds(payment));
        FulfilmentTransition::RefundRefused(RefundRefusal { number, attempt, code, refunds })
    }

    fn captured(&self, payment: &GatewayId) -> Option<Money> {
        self.order().captured_by(payment, self.state.1.as_ref())
    }

    fn stray(&self, result: GatewayResult, which: u32) -> FulfilmentTransition {
        let code = DeclineCode::new("card_declined");
        let product = self.order().lines.items().next().unwrap().product_id;
        let payment = GatewayId("pi_0".to_owned());
        match (result, which) {
            (_, 0) => FulfilmentTransition::Reserve,
            (GatewayResult::Succeeded, 1) => FulfilmentTransition::NotCharged,
            (GatewayResult::Refused, 1) => FulfilmentTransition::OutOfStock(product),
            (GatewayResult::Failed, 1) => FulfilmentTransition::RetryCharge(1),
            (GatewayResult::Failed, 2) => FulfilmentTransition::ChargeFailed(1),
            (GatewayResult::Succeeded, 2) => FulfilmentTransition::Captured(capture(0, self.order().total())),
            (GatewayResult::Pending, 2) => FulfilmentTransition::CheckoutClosed,
            (GatewayResult::Lost, 2) => FulfilmentTransition::PaymentProcessing,
            (_, 2) => FulfilmentTransition::Declined(code),
            (GatewayResult::Refused, number) => self.refusal(number - 2, &payment),
            (GatewayResult::Failed, number) => FulfilmentTransition::RetryRefund(number - 2, 1),
            _ => FulfilmentTransition::RefundsRequested,
        }
    }

    /// Records the state of a refund that the gateway reports.
    pub(super) fn record(&mut self, refund: GatewayRefund) {
        self.decide_both(RecordRefund { order_id: self.order().id, refund });
    }

    pub(super) fn apply_action(&mut self, action: Action) {
        self.now = self.now.saturating_add(Duration::from_mins(7));
        let (id, payment_window) = (self.order().id, Duration::from_hours(1));
        match action {
            Action::Saga(result) => {
                if let Some(by) = self.transition_for(result) {
                    let by = self.after_refusal(by);
                    self.decide_both(AdvanceOrder { id, by, payment_window });
                }
            }
            Action::Stray(result, which) => {
                self.decide_both(AdvanceOrder { id, by: self.stray(result, which), payment_window });
            }
            Action::Report { intent, exact } => {
                let amount = if exact { self.order().total() } else { euros(4_000) };
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
                let (by, state) = (self.actor(Party::Seller), self.state.clone());
                self.decide_order(DeliverOrder { id, by }, state);
            }
            Action::Refund(part) => {
                let (by, reason) = (self.actor(Party::Seller), "scratched".parse().unwrap());
                let state = self.state.clone();
                self.decide_order(RefundOrder { may_refund_any: false, id, by, part, reason }, state);
            }
            other => self.apply_outside(other),
        }
    }

    /// Applies an action on another entity than the order.
    fn apply_outside(&mut self, action: Action) {
        match action {
            Action::RefundAtGateway { intent, amount } => {
                let payment = GatewayId(format!("pi_{intent}"));
                if let Some(captured) = self.captured(&payment) {
                    self.gateway.refund(&payment, (amount, captured), None, RefundStatus::Succeeded);
                }
            }
            Action::Settle { refund, fails } => self.gateway.settle(refund, fails),
            Action::ReportRefund { refund, age } => {
                if let Some(refund) = self.gateway.report(refund, age) {
                    self.record(refund);
                }
            }
            Action::DeleteProduct => self.stock = self.stock.filter(|stock| stock.reserved > 0),
            on_order => unreachable!("{on_order:?}"),
        }
    }

    /// Transition that replaces the reservation of a product that does not exist.
    fn after_refusal(&self, by: FulfilmentTransition) -> FulfilmentTransition {
        let is_refused = by == FulfilmentTransition::Reserve && self.stock.is_none();
        let product = self.order().lines.items().next().unwrap().product_id;
        if is_refused { FulfilmentTransition::OutOfStock(product) } else { by }
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
        let entries = self.journal.len();
        for write in &writes {
            self.record_entry(write);
        }
        let is_counted = |event: &UncommittedEvent| subscribers(event.name).contains(&Subscriber::Analytics);
        assert!(self.journal.len() == entries || events.iter().any(is_counted), "the entry is not counted");
        Some(output)
    }
}
