//! Noting that a buyer tried to pay and was declined.

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::fulfilment::attempts::{Attempts, NoteError};
use crate::domain::order::{Order, OrderId};
use crate::kit::command::{Adjustment, Change, Command, Reads};
use crate::kit::system::clock::Timestamp;

/// Notes a payment that was declined, for the timeline of an order that waits for its payment. The buyer may try again.
#[derive(Debug, Clone, Copy)]
pub struct NoteDeclinedPayment {
    /// For which order.
    pub order_id: OrderId,
}

impl Command for NoteDeclinedPayment {
    type State = Option<Order>;
    type Output = ();
    type Error = NoteError;

    fn reads(&self) -> Reads<Self::State> {
        Reads::one(&self.order_id)
    }

    fn decide(&self, order: Self::State, now: Timestamp) -> Result<Change<(), NoteError>, NoteError> {
        let Some(Order { fulfilment: step @ Fulfilment::AwaitingPayment { .. }, .. }) = order else {
            return Ok(Change::of(()));
        };
        let note = Adjustment::of::<Attempts>()
            .add("failed", 1)
            .note("step", step.public_name())
            .note("lastError", "the payment was declined; it can be tried again")
            .note("failedAt", now.to_string());
        Ok(Change::of(()).note::<Attempts>(&self.order_id, note))
    }
}
