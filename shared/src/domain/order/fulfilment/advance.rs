//! One step of an order's fulfilment, as a command.

use std::time::Duration;

use crate::domain::order::state_machine::refund_transitions::Unended;
use crate::domain::order::{InvalidState, Order, OrderEvent, OrderFacts, OrderId, OrderStatus, Party};
use crate::domain::payment::{Capture, Checkout, DeclineCode, Payment, PaymentEvent};
use crate::domain::product::ProductId;
use crate::domain::refund::MAX_REFUNDS;
use crate::kit::command::{Change, Command, Reads};
use crate::kit::system::clock::Timestamp;

/// What moves an order's fulfilment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Reserve the stock, and decide on the charge.
    Reserve,
    /// A product has too few pieces.
    OutOfStock(ProductId),
    /// The gateway failed at this attempt, and will repeat that: whether it charged has to be found out. Names the attempt, as
    /// the next one does.
    ChargeFailed(u32),
    /// The gateway failed and certainly did not make the charge of this attempt: decide on a charge once more. Names the
    /// attempt, since several may find that out at once: one of them decides.
    ChargeAnew(u32),
    /// The buyer can pay at the gateway.
    Payable(Checkout),
    /// The gateway captured the money.
    Captured(Capture),
    /// The gateway declined the charge.
    Declined(DeclineCode),
    /// The charge was never made, and never will be.
    NotCharged,
    /// The gateway gave the money of the refund with this number back.
    Refunded(u32),
    /// The gateway failed and certainly gave nothing back: decide on the refund with this number once more, if it is at this
    /// attempt still.
    RefundAnew(u32, u32),
    /// The gateway refuses the refund with this number.
    RefundRefused(u32, DeclineCode),
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
    /// The gateway refuses to give back what the order owes.
    #[error("the gateway refuses a refund that is owed")]
    RefundRefused,
    /// More went back than was captured; cannot be, unless somebody changed the table by hand.
    #[error("the payment does not add up")]
    PaymentMismatch,
    /// The stock does not hold what the order holds of it; cannot be, unless somebody changed the table by hand.
    #[error("the stock of a product does not add up")]
    StockMismatch,
}

impl From<InvalidState> for AdvanceError {
    fn from(_: InvalidState) -> Self {
        Self::MovedOn
    }
}

impl From<Unended> for AdvanceError {
    fn from(unended: Unended) -> Self {
        match unended {
            Unended::MovedOn => Self::MovedOn,
            Unended::Refused => Self::RefundRefused,
        }
    }
}

type Decision = Result<Change<OrderAndPayment, AdvanceError>, AdvanceError>;

/// An order with what was paid for it.
pub type OrderAndPayment = (Option<Order>, Option<Payment>);

/// Reads an order with what was paid for it.
pub(crate) fn order_and_payment(id: OrderId) -> Reads<OrderAndPayment> {
    Reads::one(&id).and(Reads::one(&Payment::id_for(id)))
}

impl Command for AdvanceOrder {
    type State = OrderAndPayment;
    type Output = OrderAndPayment;
    type Error = AdvanceError;

    fn reads(&self) -> Reads<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`AdvanceError`]; `OutOfStock` comes from the condition of a stock counter and is exact under concurrency.
    fn decide(&self, (order, payment): Self::State, now: Timestamp) -> Decision {
        let order = order.ok_or(AdvanceError::MovedOn)?;
        let before = order.pieces();
        let declined = |code: &DeclineCode| format!("payment declined: {}", code.as_str());
        let (order, event): (Order, Announced) = match &self.by {
            Move::Reserve => return self.reserve(order, now),
            Move::Captured(capture) => return received(order, payment, capture, now),
            Move::Refunded(number) => return gave_back(order, payment, *number, now),
            Move::OutOfStock(product) => {
                (order.out_of_stock(format!("out of stock: {product}"), now)?, OrderEvent::Rejected)
            }
            Move::Declined(code) => (order.declined(declined(code), now)?, OrderEvent::Rejected),
            Move::ChargeFailed(attempt) => (order.charge_failed(*attempt, now)?, OrderEvent::Progressed),
            Move::ChargeAnew(attempt) => (order.charged_anew(*attempt, now)?, OrderEvent::Progressed),
            Move::Payable(checkout) => (order.payable(checkout.clone(), now)?, OrderEvent::Progressed),
            Move::NotCharged => (order.never_charged(now)?, OrderEvent::Progressed),
            Move::RefundAnew(number, attempt) => {
                (order.refund_anew((*number, *attempt), now)?, OrderEvent::Progressed)
            }
            Move::RefundRefused(number, code) => {
                (order.refund_failed(*number, code, now)?, OrderEvent::Progressed)
            }
        };
        let change = Change::of((Some(order.clone()), payment)).save(&order, event((&order).into()));
        Ok(order.move_pieces(before, change, |_| AdvanceError::StockMismatch))
    }
}

/// Makes the event of what is to be told of an order.
pub(crate) type Announced = fn(OrderFacts) -> OrderEvent;

impl AdvanceOrder {
    fn reserve(&self, order: Order, now: Timestamp) -> Decision {
        let before = order.pieces();
        let reserved = order.reserved(self.payment_window, now)?;
        let event = OrderEvent::AwaitingPayment((&reserved).into());
        let change = Change::of((Some(reserved.clone()), None)).save(&reserved, event);
        Ok(reserved.move_pieces(before, change, |line| AdvanceError::OutOfStock(line.product_id)))
    }
}

/// Takes note of a capture that the saga or the gateway itself reports. The first of an order is its payment; a further
/// one, which nobody asked for, goes back at once.
pub(crate) fn received(
    order: Order,
    payment: Option<Payment>,
    capture: &Capture,
    now: Timestamp,
) -> Decision {
    let before = order.pieces();
    let Some(known) = payment else {
        let payment = Payment::captured(order.id, capture, now);
        let order = order.paid(&payment, now)?;
        let confirmed = order.status == OrderStatus::Confirmed;
        let event: Announced = if confirmed { OrderEvent::Confirmed } else { OrderEvent::Refunding };
        let change = Change::of((Some(order.clone()), Some(payment.clone())))
            .save(&order, event((&order).into()))
            .save(&payment, PaymentEvent::Captured(payment.facts(payment.captured)));
        return Ok(order.move_pieces(before, change, |_| AdvanceError::StockMismatch));
    };
    let heard_of = known.gateway_id == capture.gateway_id
        || order.refunds.iter().any(|refund| refund.gateway_id == capture.gateway_id);
    if heard_of || capture.amount.amount() == 0 || order.refunds.len() >= MAX_REFUNDS {
        return Err(AdvanceError::MovedOn);
    }
    let owing = order.owing((&capture.gateway_id, capture.amount), (Party::System, "paid twice"), now);
    let order = owing.touched(now);
    let event = OrderEvent::Refunding((&order).into());
    Ok(Change::of((Some(order.clone()), Some(known))).save(&order, event))
}

fn gave_back(order: Order, payment: Option<Payment>, number: u32, now: Timestamp) -> Decision {
    let before = order.pieces();
    let payment = payment.ok_or(AdvanceError::MovedOn)?;
    let refund = order.refunds.iter().find(|refund| refund.number == number && refund.is_pending());
    let refund = refund.ok_or(AdvanceError::MovedOn)?;
    let amount = Some(refund.amount).filter(|_| refund.gateway_id == payment.gateway_id);
    let payment = match amount {
        Some(amount) => payment.given_back(amount, now).map_err(|_| AdvanceError::PaymentMismatch)?,
        None => payment,
    };
    let (order, event) = order.gave_back(number, &payment, now)?;
    let change =
        Change::of((Some(order.clone()), Some(payment.clone()))).save(&order, event((&order).into()));
    let change = match amount {
        Some(amount) => change.save(&payment, PaymentEvent::Refunded(payment.facts(amount))),
        None => change,
    };
    Ok(order.move_pieces(before, change, |_| AdvanceError::StockMismatch))
}
