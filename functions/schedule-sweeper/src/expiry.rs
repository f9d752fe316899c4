//! Orders that were not paid in time.

use shared::domain::order::expire::ExpireOrder;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::order::OrderReader;
use shared::repository::table_layout::partitions::EXPIRY_SHARDS;

use crate::{PAGE, Sweeper};

impl<S: Store, Q: OrderReader, R: EventRouter, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Expires what is due; says how many orders that were. Reads only what is due.
    pub(crate) async fn expire_orders(
        &self,
        cause: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |shard| self.reader.expiring(shard, cause.at, PAGE);
        self.sweep_due(EXPIRY_SHARDS, (cause, deadline), due, |id| ExpireOrder { id }).await
    }
}
