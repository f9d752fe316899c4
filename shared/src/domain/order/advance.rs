//! One step of an order's fulfilment, as a command.

use std::time::Duration;

use super::fulfilment::{Fulfilment, Pieces};
use super::{InvalidState, Order, OrderEvent, OrderId};
use crate::clock::Timestamp;
use crate::command::{Change, Command, Reads};
use crate::domain::payment::{Capture, DeclineCode, Payment, PaymentEvent};
use crate::domain::product::{ProductId, Stock};

/// What moves an order's fulfilment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Reserve the stock, and decide on the charge.
    Reserve,
    /// A product has too few pieces.
    OutOfStock(ProductId),
    /// The gateway failed and certainly did not charge: decide on a charge once more.
    ChargeAnew,
    /// The gateway captured the money.
    Captured(Capture),
    /// The gateway declined the charge.
    Declined(DeclineCode),
    /// The charge was never made, and never will be.
    NotCharged,
    /// The gateway gave the money back.
    Refunded,
}

/// Applies a [`Move`] to an order.
#[derive(Debug, Clone)]
pub struct AdvanceOrder {
    /// Which order.
    pub id: OrderId,
    /// What moves it.
    pub by: Move,
    /// How long an order without a payment method waits for its payment.
    pub payment_window: Duration,
}

/// Why an order cannot be moved so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// A product has fewer pieces available than the order wants.
    #[error("a product is out of stock")]
    OutOfStock(ProductId),
    /// The order stands elsewhere by now.
    #[error("the order has moved on")]
    MovedOn,
    /// The stock does not hold what the order holds of it; cannot be, unless somebody changed the table by hand.
    #[error("the stock of a product does not add up")]
    StockMismatch,
}

impl From<InvalidState> for AdvanceError {
    fn from(_: InvalidState) -> Self {
        Self::MovedOn
    }
}

type Decision = Result<Change<OrderAndPayment, AdvanceError>, AdvanceError>;

/// An order with what was paid for it.
pub type OrderAndPayment = (Option<Order>, Option<Payment>);

impl Command for AdvanceOrder {
    type State = OrderAndPayment;
    type Output = OrderAndPayment;
    type Error = AdvanceError;

    fn reads(&self) -> Reads<Self::State> {
        Reads::one(&self.id).and(Reads::one(&Payment::id_for(self.id)))
    }

    /// # Errors
    /// [`AdvanceError`]; `OutOfStock` comes from the condition of a stock counter and is exact under concurrency.
    fn decide(&self, (order, payment): Self::State, now: Timestamp) -> Decision {
        let order = order.ok_or(AdvanceError::MovedOn)?;
        match &self.by {
            Move::Reserve => self.reserve(order, now),
            Move::OutOfStock(product) => reject(order, format!("out of stock: {product}"), now),
            Move::ChargeAnew => charge_anew(order, now),
            Move::Captured(capture) => captured(order, capture, now),
            Move::Declined(code) => reject(order, format!("payment declined: {}", code.as_str()), now),
            Move::NotCharged => unwind(order, payment, now),
            Move::Refunded => {
                let payment = payment.ok_or(AdvanceError::MovedOn)?.refunded_in_full(now);
                let facts = payment.facts(payment.refunded);
                Ok(unwind(order, Some(payment.clone()), now)?.save(&payment, PaymentEvent::Refunded(facts)))
            }
        }
    }
}

impl AdvanceOrder {
    fn reserve(&self, order: Order, now: Timestamp) -> Decision {
        let reserved = order.reserved(self.payment_window, now)?;
        let event = OrderEvent::AwaitingPayment((&reserved).into());
        let change = Change::of((Some(reserved.clone()), None)).save(&reserved, event);
        Ok(reserved.lines.iter().fold(change, |change, line| {
            let refusal = AdvanceError::OutOfStock(line.product_id);
            change.adjust::<Stock>(&line.product_id, Stock::reserve(line.quantity), refusal)
        }))
    }
}

fn charge_anew(order: Order, now: Timestamp) -> Decision {
    let order = order.charged_anew(now)?;
    Ok(Change::of((Some(order.clone()), None)).save(&order, OrderEvent::Progressed((&order).into())))
}

fn captured(order: Order, capture: &Capture, now: Timestamp) -> Decision {
    let payment = Payment::captured(order.id, capture, now);
    let called_off = matches!(order.fulfilment, Fulfilment::Settling { .. });
    let (order, event) = if called_off {
        let order = order.captured_too_late(&payment, now)?;
        let event = OrderEvent::Progressed((&order).into());
        (order, event)
    } else {
        let order = order.confirmed(&payment, now)?;
        let event = OrderEvent::Confirmed((&order).into());
        (order, event)
    };
    let change = Change::of((Some(order.clone()), Some(payment.clone())))
        .save(&order, event)
        .save(&payment, PaymentEvent::Captured(payment.facts(payment.captured)));
    Ok(if called_off { change } else { order.sell(change, AdvanceError::StockMismatch) })
}

fn reject(order: Order, reason: String, now: Timestamp) -> Decision {
    let held = matches!(order.fulfilment, Fulfilment::Charging { .. });
    let rejected = order.rejected(reason, now)?;
    let change =
        Change::of((Some(rejected.clone()), None)).save(&rejected, OrderEvent::Rejected((&rejected).into()));
    Ok(if held { rejected.give_back(Pieces::Reserved, change, AdvanceError::StockMismatch) } else { change })
}

fn unwind(order: Order, payment: Option<Payment>, now: Timestamp) -> Decision {
    let pieces = match order.fulfilment {
        Fulfilment::Refunding { pieces, .. } => pieces,
        _ => Pieces::Reserved,
    };
    let unwound = order.unwound(now)?;
    let change = Change::of((Some(unwound.clone()), payment))
        .save(&unwound, OrderEvent::Progressed((&unwound).into()));
    Ok(unwound.give_back(pieces, change, AdvanceError::StockMismatch))
}

impl Order {
    /// Adds to `change` that the order's pieces can be bought by others again.
    pub(super) fn give_back<T, E: Clone>(
        &self,
        pieces: Pieces,
        change: Change<T, E>,
        otherwise: E,
    ) -> Change<T, E> {
        self.lines.iter().fold(change, |change, line| {
            let back = match pieces {
                Pieces::Reserved => Stock::release(line.quantity),
                Pieces::Sold => Stock::take_back(line.quantity),
            };
            change.adjust::<Stock>(&line.product_id, back, otherwise.clone())
        })
    }

    fn sell<T, E: Clone>(&self, change: Change<T, E>, otherwise: E) -> Change<T, E> {
        self.lines.iter().fold(change, |change, line| {
            change.adjust::<Stock>(&line.product_id, Stock::sell(line.quantity), otherwise.clone())
        })
    }
}
