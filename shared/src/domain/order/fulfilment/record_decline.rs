//! Noting that a buyer tried to pay and was declined.

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::fulfilment::attempts::{Attempts, NoteError};
use crate::domain::order::{Order, OrderId};
use crate::kit::command::{Adjustment, Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes a payment that was declined, for the timeline of an order that waits for its payment. The buyer may try again.
#[derive(Debug, Clone, Copy)]
pub struct RecordDeclinedPayment {
    /// For which order.
    pub order_id: OrderId,
}

impl Command for RecordDeclinedPayment {
    type State = Option<Order>;
    type Output = ();
    type Error = NoteError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.order_id)
    }

    fn decide(&self, order: Self::State, now: Timestamp) -> Result<Change<(), NoteError>, NoteError> {
        let Some(Order { fulfilment: step @ Fulfilment::AwaitingPayment { .. }, .. }) = order else {
            return Ok(Change::of(()));
        };
        let note = Adjustment::of::<Attempts>()
            .add("failed", 1)
            .adjust_unchecked("step", step.public_name())
            .adjust_unchecked("lastError", "the payment was declined; it can be tried again")
            .adjust_unchecked("failedAt", now.to_string());
        Ok(Change::of(()).adjust_unchecked::<Attempts>(&self.order_id, note))
    }
}
