//! Recording a declined payment of a buyer.

use std::convert::Infallible;

use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::fulfilment::attempts::Attempts;
use crate::domain::order::{Order, OrderId};
use crate::kit::command::{Adjustment, Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records a declined payment in the timeline of an order that awaits its payment. The buyer may try again.
#[derive(Debug, Clone, Copy)]
pub struct RecordDeclinedPayment {
    /// Id of the order.
    pub order_id: OrderId,
}

impl Command for RecordDeclinedPayment {
    type State = Option<Order>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.order_id)
    }

    fn decide(&self, order: Self::State, now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let Some(Order { fulfilment: step @ Fulfilment::AwaitingPayment { .. }, .. }) = order else {
            return Ok(Change::of(()));
        };
        let adjustment = Adjustment::of::<Attempts>()
            .add("failed", 1)
            .adjust_unchecked("step", step.public_name())
            .adjust_unchecked("lastError", "the payment was declined; it can be tried again")
            .adjust_unchecked("failedAt", now.to_string());
        Ok(Change::of(()).adjust_unchecked::<Attempts>(&self.order_id, adjustment))
    }
}
