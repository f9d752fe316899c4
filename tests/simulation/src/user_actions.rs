//! What people do, as the functions over HTTP carry it out: one command under one cause.

use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::deliver::DeliverOrder;
use shared::domain::order::place::{OrderItem, PlaceOrder};
use shared::domain::order::refund::RefundOrder;
use shared::domain::order::ship::ShipOrder;
use shared::domain::order::{Order, OrderId, Shipment};
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::{Amount, Money, Quantity};
use shared::kit::command::{
    Command, CommandContext, CorrelationId, ExecuteError, IdempotencyRecord, Store as _,
};
use shared::kit::system::clock::{Clock, Timestamp};

use crate::functions::Store;
use crate::rng::SimEntropy;
use crate::scenario::{self, Buyer, PRICE, UserAction};
use crate::virtual_clock::VirtualClock;

/// What the caller is told.
#[derive(Debug, Clone)]
pub enum ActionResult {
    /// It is done.
    Done(Box<Order>),
    /// It is refused, for this reason.
    Refused(String),
    /// An error that does not say what happened: the caller tries again.
    Unknown,
}

/// Where a deed is carried out.
#[derive(Clone)]
pub struct Api {
    /// Carries out commands.
    pub store: Store,
    /// The time.
    pub clock: VirtualClock,
    /// Where new ids come from.
    pub dice: SimEntropy,
}

/// A price in euro cents.
///
/// # Panics
/// If nothing costs that much.
#[must_use]
pub fn cents(amount: i64) -> Money {
    let amount = Amount::try_from(amount).expect("the amount is within bounds");
    Money::new(amount, "EUR".parse().expect("the euro is a currency"))
}

/// The work that all deeds are part of.
///
/// # Panics
/// Never.
#[must_use]
pub fn correlation() -> CorrelationId {
    CorrelationId::try_from("simulated".to_owned()).expect("the correlation id is well-formed")
}

impl Api {
    /// Carries out a deed. The order is known to whoever does something to it; a deed that needs none places it.
    ///
    /// # Panics
    /// If text that is written here does not parse.
    pub async fn perform(self, deed: UserAction, plan: Buyer, order: Option<OrderId>) -> ActionResult {
        let now = self.clock.now();
        let Some(id) = order else { return self.place(deed.buyer(), &plan, now).await };
        let (buyer, seller) = (scenario::buyer(deed.buyer()), scenario::seller());
        let reason = || "changed my mind".parse().expect("a reason is one");
        match deed {
            UserAction::CancelAsBuyer(_) => {
                self.execute(CancelOrder { id, by: buyer, reason: None }, None, now).await
            }
            UserAction::CancelAsSeller(_) => {
                self.execute(CancelOrder { id, by: seller, reason: Some(reason()) }, None, now).await
            }
            UserAction::Refund(_, amount) => {
                let command = RefundOrder { id, by: seller, amount: amount.map(cents), reason: reason() };
                let key = format!("refund-{id}-{}", amount.unwrap_or_default());
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
                self.place(deed.buyer(), &plan, now).await
            }
        }
    }

    async fn place(&self, place: usize, plan: &Buyer, now: Timestamp) -> ActionResult {
        let by = scenario::buyer(place);
        let quantity = Quantity::try_from(plan.quantity).expect("the quantity is within bounds");
        let item =
            OrderItem { product_id: scenario::product(), quantity, expected_price: Some(cents(PRICE)) };
        let payment_method = plan.method.map(|method| method.parse().expect("a method is one"));
        let command = PlaceOrder { id: Id::generate(now, &self.dice), by, items: vec![item], payment_method };
        self.execute(command, Some((by, "POST /v1/orders", "the-key")), now).await
    }

    async fn execute<C: Command<Output = Order>>(
        &self,
        command: C,
        key: Option<(Actor, &str, &str)>,
        now: Timestamp,
    ) -> ActionResult {
        let cause = CommandContext::new(correlation(), now);
        let cause = match key {
            Some((by, route, key)) => {
                let (caller, fingerprint) = (by.user.to_string(), "the same body".to_owned());
                cause.once(IdempotencyRecord::for_request(&caller, route, key, fingerprint, now))
            }
            None => cause,
        };
        match self.store.execute(command, &cause).await {
            Ok(executed) => ActionResult::Done(Box::new(executed.into_output())),
            Err(ExecuteError::Refused(refusal)) => ActionResult::Refused(refusal.to_string()),
            Err(ExecuteError::KeyReused) => {
                ActionResult::Refused("the key was used for something else".to_owned())
            }
            Err(ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::Store(_)) => {
                ActionResult::Unknown
            }
        }
    }
}
