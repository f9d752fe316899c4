//! Decisions on an order and its payment: their state, result and errors.

use crate::domain::order::event::EventConstructor;
use crate::domain::order::payment::Payment;
use crate::domain::order::state_machine::commit::PaidOrder;
use crate::domain::order::{InvalidState, Order, OrderId};
use crate::domain::product::ProductId;
use crate::kit::command::{Change, ReadSet};

/// Reason why a transition cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// A product has fewer units available than ordered.
    #[error("a product is out of stock")]
    OutOfStock(ProductId),
    /// The order does not exist, or the transition does not apply to its current state.
    #[error("the transition does not apply to the current state of the order")]
    Stale,
    /// The stock does not contain the units of the order; impossible unless the table was changed by hand.
    #[error("the stock of a product does not contain the units of the order")]
    StockMismatch,
}

impl From<InvalidState> for AdvanceError {
    fn from(_: InvalidState) -> Self {
        Self::Stale
    }
}

/// Result of a decision on an order and its payment.
pub(crate) type Decision = Result<Change<OrderAndPayment, AdvanceError>, AdvanceError>;

/// Order and its payment.
pub type OrderAndPayment = (Option<Order>, Option<Payment>);

/// Saves an order whose payment does not change.
pub(crate) fn save(
    before: &Order,
    payment: Option<&Payment>,
    order: Order,
    event: EventConstructor,
) -> Change<OrderAndPayment, AdvanceError> {
    let before = PaidOrder { order: before, payment };
    let saved = PaidOrder { order: &order, ..before };
    let saved = saved.commit(before, event, None, |_| AdvanceError::StockMismatch);
    saved.with_output((Some(order), payment.cloned()))
}

/// Reads an order and its payment.
pub(crate) fn order_and_payment(id: OrderId) -> ReadSet<OrderAndPayment> {
    ReadSet::get(&id).and(ReadSet::get(&Payment::id_for(id)))
}
