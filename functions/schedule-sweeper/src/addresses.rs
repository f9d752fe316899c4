//! Erases the delivery addresses of orders whose retention has ended or whose buyer's account was deleted.

use shared::domain::order::shipment::address::erase::EraseAddress;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::table_layout::partitions::EXPIRY_SHARDS;

use crate::Sweeper;

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Examines due addresses, and returns their number.
    pub(crate) async fn erase_addresses(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |request| self.reader.due_addresses(request);
        self.sweep_due(EXPIRY_SHARDS, context, deadline, due, |order_id| EraseAddress { order_id }).await
    }
}
