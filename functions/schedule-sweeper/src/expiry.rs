//! Orders that were not paid in time.

use shared::clock::{Clock, Timestamp};
use shared::command::{Cause, ExecuteError, Store, StoreError};
use shared::domain::order::OrderId;
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
        let mut expired = 0;
        for shard in 0..EXPIRY_SHARDS {
            while self.clock.now() < deadline {
                let due = self.reader.expiring(shard, cause.at, PAGE).await?;
                let mut progress = 0;
                for order in &due {
                    progress += usize::from(self.expire(*order, cause).await?);
                }
                expired += progress;
                // A full page that did not shrink shows the index a moment behind the table: the next tick goes on.
                if due.len() < PAGE as usize || progress == 0 {
                    break;
                }
            }
        }
        Ok(expired)
    }

    /// Whether the order was expired; not so if it was paid or cancelled meanwhile.
    async fn expire(&self, id: OrderId, cause: &Cause) -> Result<bool, StoreError> {
        match self.store.execute(ExpireOrder { id }, cause).await {
            Ok(_) => Ok(true),
            Err(ExecuteError::Store(error)) => Err(error),
            Err(
                ExecuteError::Refused(_)
                | ExecuteError::KeyReused
                | ExecuteError::Contention
                | ExecuteError::InProgress,
            ) => Ok(false),
        }
    }
}
