//! Expires orders that were not paid in time.

use shared::domain::order::expire::ExpireOrder;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::table_layout::partitions::EXPIRY_SHARDS;

use crate::Sweeper;

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Expires due orders and returns their number.
    pub(crate) async fn expire_orders(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |request| self.reader.expiring(request);
        self.sweep_due(EXPIRY_SHARDS, context, deadline, due, |id| ExpireOrder { id }).await
    }
}
