//! Events that the stream missed: the relay was down for longer than the stream keeps its records, or failed on them for
//! good.

use std::time::Duration;

use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::Pending;
use shared::kit::command::{Cause, Store, StoreError};
use shared::kit::queue::relay::Routes;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::telemetry::catalogue::OUTBOX_WAITING;
use shared::kit::telemetry::metrics;
use shared::repository::order::OrderReader;

use crate::{PAGE, Sweeper};

/// How long an event may wait for the stream before it counts as missed.
const PATIENCE: Duration = Duration::from_mins(1);

impl<S: Store, Q: OrderReader, R: Routes, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Publishes events that have waited too long; says how many. Reads only those.
    pub(crate) async fn publish_stragglers(
        &self,
        cause: &Cause,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut oldest = None;
        let published = self.publish_from_shards(cause, deadline, &mut oldest).await;
        let waiting = oldest.map_or(Duration::ZERO, |since| cause.at.since(since));
        metrics::measure(&OUTBOX_WAITING, [], waiting);
        published
    }

    /// Notes besides since when the oldest of them has waited.
    async fn publish_from_shards(
        &self,
        cause: &Cause,
        deadline: Timestamp,
        oldest: &mut Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let mut published = 0;
        for shard in 0..OUTBOX_SHARDS {
            while self.clock.now() < deadline {
                let missed = self.outbox.overdue(shard, cause.at.minus(PATIENCE), PAGE).await?;
                *oldest = missed.iter().filter_map(Pending::since).chain(*oldest).min();
                let failed = self.relay.publish(&missed).await?;
                published += missed.len() - failed.len();
                if missed.len() < PAGE as usize || !failed.is_empty() {
                    break;
                }
            }
        }
        Ok(published)
    }
}
