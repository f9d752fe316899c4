//! Orders that were not paid in time.

use shared::domain::order::expire::ExpireOrder;
use shared::kit::command::{Cause, Store, StoreError};
use shared::kit::queue::relay::Routes;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::order::OrderReader;
use shared::repository::table_layout::partitions::EXPIRY_SHARDS;

use crate::{PAGE, Sweeper};

impl<S: Store, Q: OrderReader, R: Routes, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Expires what is due; says how many orders that were. Reads only what is due.
    pub(crate) async fn expire_orders(
        &self,
        cause: &Cause,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |shard| self.reader.expiring(shard, cause.at, PAGE);
        self.sweep_due(EXPIRY_SHARDS, (cause, deadline), due, |id| ExpireOrder { id }).await
    }
}
