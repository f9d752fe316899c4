//! User actions, executed as the HTTP functions do: one command in one context.

use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::lines::cart::{Cart, CartItem};
use shared::domain::order::place::PlaceOrder;
use shared::domain::order::refund::by_line::LinesToRefund;
use shared::domain::order::refund::{RefundOrder, RefundPart};
use shared::domain::order::shipment::deliver::DeliverOrder;
use shared::domain::order::shipment::ship::ShipOrder;
use shared::domain::order::{Order, OrderId, Shipment};
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::Quantity;
use shared::kit::command::{
    Command, CommandContext, CorrelationId, ExecuteError, IdempotencyRecord, Store as _,
};
use shared::kit::system::clock::{Clock, Timestamp};

use crate::functions::Store;
use crate::rng::SimEntropy;
use crate::scenario::{self, Buyer, PRICE, RefundedPart, UserAction, cents};
use crate::virtual_clock::VirtualClock;

/// Response to the caller.
#[derive(Debug, Clone)]
pub enum ActionResult {
    /// The action is done.
    Done(Box<Order>),
    /// The action is refused for this reason.
    Refused(String),
    /// An error with an unknown outcome: the caller retries.
    Unknown,
}

/// Executes actions.
#[derive(Clone)]
pub struct Api {
    /// Store.
    pub store: Store,
    /// Clock.
    pub clock: VirtualClock,
    /// Entropy of new ids.
    pub entropy: SimEntropy,
}

/// Correlation id of all actions.
///
/// # Panics
/// Never.
#[must_use]
pub fn correlation() -> CorrelationId {
    CorrelationId::try_from("simulated".to_owned()).expect("the correlation id is well-formed")
}

impl Api {
    /// Executes an action on an order; without an order, places one.
    ///
    /// # Panics
    /// If a constant does not parse.
    pub async fn perform(self, action: UserAction, plan: Buyer, order: Option<OrderId>) -> ActionResult {
        let now = self.clock.now();
        let Some(id) = order else { return self.place_order(action.buyer(), &plan, now).await };
        let (buyer, seller) = (scenario::buyer(action.buyer()), scenario::seller());
        let reason = || "changed my mind".parse().expect("the reason is valid");
        match action {
            UserAction::CancelAsBuyer(_) => {
                self.execute(CancelOrder { id, by: buyer, reason: None }, None, now).await
            }
            UserAction::CancelAsSeller(_) => {
                self.execute(CancelOrder { id, by: seller, reason: Some(reason()) }, None, now).await
            }
            UserAction::Refund(_, part) => {
                let key = format!("refund-{id}-{part}");
                let part = refund_part(part);
                let command = RefundOrder { may_refund_any: false, id, by: seller, part, reason: reason() };
                self.execute(command, Some((seller, "POST /v1/orders/{id}/refund", &key)), now).await
            }
            UserAction::Ship(_) => {
                let parsed = ("DHL".parse(), "JJD1".parse());
                let (Ok(carrier), Ok(tracking_number)) = parsed else { return ActionResult::Unknown };
                let shipment = Shipment { carrier, tracking_number };
                self.execute(ShipOrder { id, by: seller, shipment }, None, now).await
            }
            UserAction::Deliver(_) => self.execute(DeliverOrder { id, by: seller }, None, now).await,
            UserAction::Place(_) | UserAction::Pay(_) | UserAction::PayDeclined(_) => {
                self.place_order(action.buyer(), &plan, now).await
            }
        }
    }

    async fn place_order(&self, buyer: usize, plan: &Buyer, now: Timestamp) -> ActionResult {
        let by = scenario::buyer(buyer);
        let quantity = Quantity::try_from(plan.quantity).expect("the quantity is within bounds");
        let item = CartItem { product_id: scenario::product(), quantity, expected_price: Some(cents(PRICE)) };
        let payment_method = plan.method.map(|method| method.parse().expect("the payment method is valid"));
        let cart = Cart::new(Some(scenario::market()), vec![item]);
        let command = PlaceOrder::new(Id::generate(now, &self.entropy), by, cart, payment_method);
        self.execute(command, Some((by, "POST /v1/orders", "the-key")), now).await
    }

    async fn execute<C: Command<Output = Order>>(
        &self,
        command: C,
        key: Option<(Actor, &str, &str)>,
        now: Timestamp,
    ) -> ActionResult {
        let context = CommandContext::new(correlation(), now);
        let context = match key {
            Some((by, route, key)) => {
                let (caller, fingerprint) = (by.user.to_string(), "the same body".to_owned());
                context.once(IdempotencyRecord::for_request(&caller, route, key, fingerprint, now))
            }
            None => context,
        };
        match self.store.execute(command, &context).await {
            Ok(executed) => ActionResult::Done(Box::new(executed.into_output())),
            Err(ExecuteError::Refused(error)) => ActionResult::Refused(error.to_string()),
            Err(ExecuteError::KeyReused) => {
                ActionResult::Refused("the key was used for another request".to_owned())
            }
            Err(ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::Store(_)) => {
                ActionResult::Unknown
            }
        }
    }
}

/// Part of an order with one line.
fn refund_part(part: RefundedPart) -> RefundPart {
    match part {
        RefundedPart::Amount(amount) => RefundPart::Amount(cents(amount)),
        RefundedPart::Unit => {
            let one = Quantity::try_from(1).expect("1 is a quantity");
            let items = vec![(scenario::product(), one)];
            RefundPart::Lines(LinesToRefund { items, shipping: false, restock: true })
        }
        RefundedPart::Rest => RefundPart::Rest,
    }
}
