//! One step of an order's fulfilment, as a command.

use std::time::Duration;

use crate::domain::order::state_machine::refund_transitions::RefundError;
use crate::domain::order::{InvalidState, Order, OrderEvent, OrderEventData, OrderId, OrderStatus, Party};
use crate::domain::payment::{Capture, Checkout, DeclineCode, Payment, PaymentEvent};
use crate::domain::product::ProductId;
use crate::domain::refund::MAX_REFUNDS;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// What moves an order's fulfilment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FulfilmentTransition {
    /// Reserve the stock, and decide on the charge.
    Reserve,
    /// A product has too few pieces.
    OutOfStock(ProductId),
    /// The gateway failed at this attempt, and will repeat that: whether it charged has to be found out. Names the attempt, as
    /// the next one does.
    ChargeFailed(u32),
    /// The gateway failed and certainly did not make the charge of this attempt: decide on a charge once more. Names the
    /// attempt, since several may find that out at once: one of them decides.
    RetryCharge(u32),
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
    RetryRefund(u32, u32),
    /// The gateway refuses the refund with this number.
    RefundRefused(u32, DeclineCode),
}

/// Applies a [`Move`] to an order.
#[derive(Debug, Clone)]
pub struct AdvanceOrder {
    /// Which order.
    pub id: OrderId,
    /// What moves it.
    pub by: FulfilmentTransition,
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
    Stale,
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
        Self::Stale
    }
}

impl From<RefundError> for AdvanceError {
    fn from(unended: RefundError) -> Self {
        match unended {
            RefundError::MovedOn => Self::Stale,
            RefundError::Refused => Self::RefundRefused,
        }
    }
}

type Decision = Result<Change<OrderAndPayment, AdvanceError>, AdvanceError>;

/// An order with what was paid for it.
pub type OrderAndPayment = (Option<Order>, Option<Payment>);

/// Reads an order with what was paid for it.
pub(crate) fn order_and_payment(id: OrderId) -> ReadSet<OrderAndPayment> {
    ReadSet::get(&id).and(ReadSet::get(&Payment::id_for(id)))
}

impl Command for AdvanceOrder {
    type State = OrderAndPayment;
    type Output = OrderAndPayment;
    type Error = AdvanceError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`AdvanceError`]; `OutOfStock` comes from the condition of a stock counter and is exact under concurrency.
    fn decide(&self, (order, payment): Self::State, now: Timestamp) -> Decision {
        let order = order.ok_or(AdvanceError::Stale)?;
        let before = order.pieces();
        let declined = |code: &DeclineCode| format!("payment declined: {}", code.as_str());
        let (order, event): (Order, EventConstructor) = match &self.by {
            FulfilmentTransition::Reserve => return self.reserve(order, now),
            FulfilmentTransition::Captured(capture) => return apply_capture(order, payment, capture, now),
            FulfilmentTransition::Refunded(number) => return apply_refund(order, payment, *number, now),
            FulfilmentTransition::OutOfStock(product) => {
                (order.out_of_stock(format!("out of stock: {product}"), now)?, OrderEvent::Rejected)
            }
            FulfilmentTransition::Declined(code) => {
                (order.declined(declined(code), now)?, OrderEvent::Rejected)
            }
            FulfilmentTransition::ChargeFailed(attempt) => {
                (order.charge_failed(*attempt, now)?, OrderEvent::Progressed)
            }
            FulfilmentTransition::RetryCharge(attempt) => {
                (order.retry_charge(*attempt, now)?, OrderEvent::Progressed)
            }
            FulfilmentTransition::Payable(checkout) => {
                (order.payable(checkout.clone(), now)?, OrderEvent::Progressed)
            }
            FulfilmentTransition::NotCharged => (order.never_charged(now)?, OrderEvent::Progressed),
            FulfilmentTransition::RetryRefund(number, attempt) => {
                (order.retry_refund((*number, *attempt), now)?, OrderEvent::Progressed)
            }
            FulfilmentTransition::RefundRefused(number, code) => {
                (order.refund_failed(*number, code, now)?, OrderEvent::Progressed)
            }
        };
        let change = Change::of((Some(order.clone()), payment)).save(&order, event((&order).into()));
        Ok(order.move_stock(before, change, |_| AdvanceError::StockMismatch))
    }
}

/// Makes the event of what is to be told of an order.
pub(crate) type EventConstructor = fn(OrderEventData) -> OrderEvent;

impl AdvanceOrder {
    fn reserve(&self, order: Order, now: Timestamp) -> Decision {
        let before = order.pieces();
        let reserved = order.reserved(self.payment_window, now)?;
        let event = OrderEvent::AwaitingPayment((&reserved).into());
        let change = Change::of((Some(reserved.clone()), None)).save(&reserved, event);
        Ok(reserved.move_stock(before, change, |line| AdvanceError::OutOfStock(line.product_id)))
    }
}

/// Takes note of a capture that the saga or the gateway itself reports. The first of an order is its payment; a further
/// one, which nobody asked for, goes back at once.
pub(crate) fn apply_capture(
    order: Order,
    payment: Option<Payment>,
    capture: &Capture,
    now: Timestamp,
) -> Decision {
    let before = order.pieces();
    let Some(known) = payment else {
        let payment = Payment::captured(order.id, capture, now);
        let order = order.apply_payment(&payment, now)?;
        let confirmed = order.status == OrderStatus::Confirmed;
        let event: EventConstructor =
            if confirmed { OrderEvent::Confirmed } else { OrderEvent::RefundStarted };
        let change = Change::of((Some(order.clone()), Some(payment.clone())))
            .save(&order, event((&order).into()))
            .save(&payment, PaymentEvent::Captured(payment.facts(payment.captured)));
        return Ok(order.move_stock(before, change, |_| AdvanceError::StockMismatch));
    };
    let heard_of = known.gateway_id == capture.gateway_id
        || order.refunds.iter().any(|refund| refund.gateway_id == capture.gateway_id);
    if heard_of || capture.amount.amount() == 0 || order.refunds.len() >= MAX_REFUNDS {
        return Err(AdvanceError::Stale);
    }
    let owing =
        order.with_refund_due((&capture.gateway_id, capture.amount), (Party::System, "paid twice"), now);
    let order = owing.next_version(now);
    let event = OrderEvent::RefundStarted((&order).into());
    Ok(Change::of((Some(order.clone()), Some(known))).save(&order, event))
}

fn apply_refund(order: Order, payment: Option<Payment>, number: u32, now: Timestamp) -> Decision {
    let before = order.pieces();
    let payment = payment.ok_or(AdvanceError::Stale)?;
    let refund = order.refunds.iter().find(|refund| refund.number == number && refund.is_pending());
    let refund = refund.ok_or(AdvanceError::Stale)?;
    let amount = Some(refund.amount).filter(|_| refund.gateway_id == payment.gateway_id);
    let payment = match amount {
        Some(amount) => payment.refund(amount, now).map_err(|_| AdvanceError::PaymentMismatch)?,
        None => payment,
    };
    let (order, event) = order.refund_succeeded(number, &payment, now)?;
    let change =
        Change::of((Some(order.clone()), Some(payment.clone()))).save(&order, event((&order).into()));
    let change = match amount {
        Some(amount) => change.save(&payment, PaymentEvent::Refunded(payment.facts(amount))),
        None => change,
    };
    Ok(order.move_stock(before, change, |_| AdvanceError::StockMismatch))
}
