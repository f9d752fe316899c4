//! Every way that an order can take: any moves, in any order, as often as may be, on a stock and a gateway that count
//! along. No move ever leaves pieces or money unaccounted for.

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
use crate::domain::order::refund::RefundOrder;
use crate::domain::order::ship::ShipOrder;
use crate::domain::order::tests::{NOW, placed};
use crate::domain::order::{Order, OrderStatus, Party, Shipment};
use crate::domain::payment::{Capture, Checkout, ClientSecret, DeclineCode, GatewayId, Payment};
use crate::domain::product::Stock;
use crate::domain::refund::RefundStatus;
use crate::domain::user::Role;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::saga::Step;
use crate::kit::command::{Change, Command, Operation};
use crate::kit::system::clock::Timestamp;

/// Something that may happen, whether or not the order expects it.
#[derive(Debug, Clone)]
enum Act {
    /// The saga takes its next step, and the gateway answers as it pleases.
    Saga(Answer),
    /// A move that nobody asked for: a message that comes twice, or too late.
    Stray(Answer, u32),
    /// The gateway reports a capture: of which intent, and whether of the order's total.
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
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Good,
    Bad,
    Failed,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let answer = || prop_oneof![4 => Just(Answer::Good), 1 => Just(Answer::Bad), 1 => Just(Answer::Failed)];
    let act = prop_oneof![
        8 => answer().prop_map(Act::Saga),
        2 => (answer(), 0..6_u32).prop_map(|(answer, which)| Act::Stray(answer, which)),
        2 => (0..2_u8, any::<bool>()).prop_map(|(intent, exact)| Act::Report { intent, exact }),
        1 => any::<bool>().prop_map(|seller| Act::Cancel { seller }),
        1 => Just(Act::Expire),
        2 => Just(Act::Ship),
        1 => Just(Act::Deliver),
        3 => prop_oneof![Just(None), (1..4_500_i64).prop_map(Some)].prop_map(Act::Refund),
    ];
    prop::collection::vec(act, 1..40)
}

/// An order with its payment, and the stock and the money around it.
struct World {
    state: OrderAndPayment,
    stock: Stock,
    now: Timestamp,
}

fn euros(amount: i64) -> Money {
    Money::new(Amount::try_from(amount).unwrap(), "EUR".parse().unwrap())
}

fn capture(intent: u8, amount: Money) -> Capture {
    Capture { gateway_id: GatewayId(format!("pi_{intent}")), amount }
}

impl World {
    fn order(&self) -> &Order {
        self.state.0.as_ref().unwrap()
    }

    fn actor(&self, party: Party) -> Actor {
        let user = if party == Party::Seller { self.order().seller_id } else { self.order().buyer_id };
        Actor { user, role: Role::User }
    }

    /// The move that an answer means at the present step.
    fn moved(&self, answer: Answer) -> Option<FulfilmentTransition> {
        let code = DeclineCode::new("card_declined");
        let checkout =
            Checkout { gateway_id: GatewayId("pi_0".into()), client_secret: ClientSecret("secret".into()) };
        match (next(self.order(), self.now), answer) {
            (Step::Commit(by), _) => Some(by),
            (
                Step::Call(
                    Effect::Charge(_) | Effect::Find(_) | Effect::Settle(_) | Effect::FindCancelledCharge(_),
                ),
                Answer::Good,
            ) => Some(FulfilmentTransition::Captured(capture(0, self.order().total))),
            (Step::Call(Effect::Charge(intent) | Effect::Settle(intent)), Answer::Failed) => {
                Some(FulfilmentTransition::ChargeFailed(intent.attempt))
            }
            (Step::Call(Effect::Find(intent)), Answer::Failed) => {
                Some(FulfilmentTransition::RetryCharge(intent.attempt))
            }
            (Step::Call(Effect::Settle(_) | Effect::FindCancelledCharge(_)), _) => {
                Some(FulfilmentTransition::NotCharged)
            }
            (Step::Call(Effect::CreateCheckout(_)), Answer::Good) => {
                Some(FulfilmentTransition::Payable(checkout))
            }
            (Step::Call(Effect::Charge(_) | Effect::Find(_) | Effect::CreateCheckout(_)), _) => {
                Some(FulfilmentTransition::Declined(code))
            }
            (Step::Call(Effect::Refund(refund) | Effect::FindRefund(refund)), answer) => Some(match answer {
                Answer::Good => FulfilmentTransition::Refunded(refund.number),
                Answer::Bad => FulfilmentTransition::RefundRefused(refund.number, code),
                Answer::Failed => FulfilmentTransition::RetryRefund(refund.number, refund.attempt),
            }),
            (Step::Wait(_) | Step::Finished, _) => None,
        }
    }

    fn stray(&self, answer: Answer, which: u32) -> FulfilmentTransition {
        let code = DeclineCode::new("card_declined");
        let product = self.order().lines[0].product_id;
        match (answer, which) {
            (_, 0) => FulfilmentTransition::Reserve,
            (Answer::Good, 1) => FulfilmentTransition::NotCharged,
            (Answer::Bad, 1) => FulfilmentTransition::OutOfStock(product),
            (Answer::Failed, 1) => FulfilmentTransition::RetryCharge(1),
            (Answer::Failed, 2) => FulfilmentTransition::ChargeFailed(1),
            (Answer::Good, 2) => FulfilmentTransition::Captured(capture(0, self.order().total)),
            (_, 2) => FulfilmentTransition::Declined(code),
            (Answer::Good, number) => FulfilmentTransition::Refunded(number - 2),
            (Answer::Bad, number) => FulfilmentTransition::RefundRefused(number - 2, code),
            (Answer::Failed, number) => FulfilmentTransition::RetryRefund(number - 2, 1),
        }
    }

    fn act(&mut self, act: Act) {
        self.now = self.now.saturating_add(Duration::from_mins(7));
        let (id, payment_window) = (self.order().id, Duration::from_hours(1));
        match act {
            Act::Saga(answer) => {
                if let Some(by) = self.moved(answer) {
                    self.both(AdvanceOrder { id, by, payment_window });
                }
            }
            Act::Stray(answer, which) => {
                self.both(AdvanceOrder { id, by: self.stray(answer, which), payment_window });
            }
            Act::Report { intent, exact } => {
                let amount = if exact { self.order().total } else { euros(4_000) };
                self.both(RecordCapture { order_id: id, capture: capture(intent, amount) });
            }
            Act::Cancel { seller } => {
                let by = self.actor(if seller { Party::Seller } else { Party::Buyer });
                let state = self.state.clone();
                self.one(CancelOrder { id, by, reason: None }, state);
            }
            Act::Expire => self.one(ExpireOrder { id }, self.state.0.clone()),
            Act::Ship => {
                let shipment =
                    Shipment { carrier: "DHL".parse().unwrap(), tracking_number: "1".parse().unwrap() };
                let (by, state) = (self.actor(Party::Seller), self.state.clone());
                self.one(ShipOrder { id, by, shipment }, state);
            }
            Act::Deliver => {
                self.one(DeliverOrder { id, by: self.actor(Party::Seller) }, self.state.0.clone());
            }
            Act::Refund(amount) => {
                let (by, reason, amount) =
                    (self.actor(Party::Seller), "scratched".parse().unwrap(), amount.map(euros));
                let state = self.state.clone();
                self.one(RefundOrder { id, by, amount, reason }, state);
            }
        }
    }

    /// A command that decides on order and payment.
    fn both<C: Command<State = OrderAndPayment, Output = OrderAndPayment>>(&mut self, command: C) {
        if let Ok(change) = command.decide(self.state.clone(), self.now) {
            let (order, payment) = self.apply(change);
            self.state = (order, payment.or_else(|| self.state.1.clone()));
        }
    }

    /// A command that changes the order alone.
    fn one<C: Command<Output = Order>>(&mut self, command: C, state: C::State) {
        if let Ok(change) = command.decide(state, self.now) {
            self.state.0 = Some(self.apply(change));
        }
    }

    /// Commits: moves the counters, and checks that each entity goes on by one version with one event.
    fn apply<T, E>(&mut self, change: Change<T, E>) -> T {
        let (output, writes, events) = change.into_parts().unwrap();
        let puts = writes.iter().filter(|write| matches!(write.operation, Operation::Put { .. })).count();
        assert!(events.len() <= puts, "an event without a version");
        for write in &writes {
            if let Operation::Adjust(adjustment) = &write.operation {
                let mut stock = serde_json::to_value(self.stock).unwrap();
                for (counter, by) in &adjustment.counters {
                    let moved = stock[*counter].as_i64().unwrap() + by;
                    assert!(moved >= 0, "{counter} falls below zero");
                    stock[*counter] = json!(moved);
                }
                self.stock = serde_json::from_value(stock).unwrap();
            }
        }
        output
    }

    fn check(&self, before: &Order) {
        let order = self.order();
        let steps = order.version.get() - before.version.get();
        assert!(steps <= 1, "a decision makes one version");
        if before.pieces() == StockPosition::Available && order.pieces() != StockPosition::Available {
            let (from, to) = (before.status, order.status);
            assert_eq!((from, to), (OrderStatus::Pending, OrderStatus::AwaitingPayment), "reserved anew");
        }
        let over =
            [OrderStatus::Rejected, OrderStatus::Cancelled, OrderStatus::Expired, OrderStatus::Refunded];
        assert!(!over.contains(&before.status) || order.status == before.status, "what is over stays over");
        let (reserved, sold) = match order.pieces() {
            StockPosition::Available => (0, 0),
            StockPosition::Reserved => (2, 0),
            StockPosition::Sold => (0, 2),
        };
        assert_eq!(self.stock, Stock { available: 5 - reserved - sold, reserved, sold }, "{order:?}");
        let Some(payment) = &self.state.1 else {
            assert!(order.refunds.is_empty() && order.payment_id.is_none());
            return;
        };
        self.check_money(order, payment);
    }

    fn check_money(&self, order: &Order, payment: &Payment) {
        let of = |status| {
            let own = order
                .refunds
                .iter()
                .filter(move |refund| refund.status == status && refund.gateway_id == payment.gateway_id);
            own.map(|refund| refund.amount.amount()).sum::<i64>()
        };
        let (back, under_way) = (of(RefundStatus::Succeeded), of(RefundStatus::Pending));
        assert_eq!(back, payment.refunded.amount());
        assert!(back + under_way <= payment.captured.amount(), "more goes back than came");
        let left = payment.captured.amount() - back - under_way;
        match order.status {
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => {
                assert_eq!(payment.captured, order.total);
            }
            _ => assert_eq!(left, 0, "money stays with an order that is over: {order:?}"),
        }
        if order.pending_refund().is_some() {
            assert!(matches!(next(order, self.now), Step::Call(Effect::Refund(_) | Effect::FindRefund(_))));
        } else {
            assert!(!matches!(order.fulfilment, Fulfilment::Refunding { .. }), "nothing ends {order:?}");
        }
        for stray in order.refunds.iter().filter(|refund| refund.gateway_id != payment.gateway_id) {
            assert_ne!(stray.status, RefundStatus::Failed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_way_of_an_order_leaves_pieces_or_money_unaccounted_for(charged in any::<bool>(), acts in acts()) {
        let order = placed(charged.then_some("pm_card_visa"));
        let stock = Stock { available: 5, ..Stock::default() };
        let mut world = World { state: (Some(order), None), stock, now: Timestamp::from_millis(NOW) };
        for act in acts {
            let before = world.order().clone();
            world.act(act);
            world.check(&before);
        }
    }
}
