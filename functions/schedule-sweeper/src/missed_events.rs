//! Events that the stream missed: the relay was down for longer than the stream keeps its records, or failed on them for
//! good.

use std::time::Duration;

use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::telemetry::catalogue::OUTBOX_BACKLOG_AGE;
use shared::kit::telemetry::metrics;
use shared::repository::order::OrderReader;

use crate::{PAGE, Sweeper};

/// How long an event may wait for the stream before it counts as missed.
const MISSED_AFTER: Duration = Duration::from_mins(1);

impl<S: Store, Q: OrderReader, R: EventRouter, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Publishes events that have waited too long; says how many. Reads only those.
    pub(crate) async fn publish_missed_events(
        &self,
        cause: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut oldest = None;
        let published = self.publish_from_shards(cause, deadline, &mut oldest).await;
        let waiting = oldest.map_or(Duration::ZERO, |since| cause.at.duration_since(since));
        metrics::record_duration(&OUTBOX_BACKLOG_AGE, [], waiting);
        published
    }

    /// Notes besides since when the oldest of them has waited.
    async fn publish_from_shards(
        &self,
        cause: &CommandContext,
        deadline: Timestamp,
        oldest: &mut Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let mut published = 0;
        for shard in 0..OUTBOX_SHARDS {
            while self.clock.now() < deadline {
                let missed = self.outbox.overdue(shard, cause.at.saturating_sub(MISSED_AFTER), PAGE).await?;
                *oldest = missed.iter().filter_map(OutboxEvent::enqueued_at).chain(*oldest).min();
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
