//! Orders that were not paid in time.

use shared::clock::{Clock, Timestamp};
use shared::command::{Cause, Store, StoreError};
use shared::domain::order::expire::ExpireOrder;
use shared::relay::Routes;
use shared::repository::listing::EXPIRY_SHARDS;
use shared::repository::order::OrderReader;

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
