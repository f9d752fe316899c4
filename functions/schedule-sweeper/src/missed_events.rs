//! Publishes events that the stream missed: the relay was down for longer than the stream's retention, or
//! failed on them permanently.

use std::time::Duration;

use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::telemetry::catalogue::OUTBOX_BACKLOG_AGE;
use shared::kit::telemetry::metrics;

use crate::{PAGE_SIZE, Sweeper};

/// Age at which an unpublished event counts as missed.
const MISSED_AFTER: Duration = Duration::from_mins(1);

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Publishes missed events and returns their number.
    pub(crate) async fn publish_missed_events(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut oldest = None;
        let published = self.publish_from_shards(context, deadline, &mut oldest).await;
        let backlog_age = oldest.map_or(Duration::ZERO, |enqueued_at| context.at.duration_since(enqueued_at));
        metrics::record_duration(&OUTBOX_BACKLOG_AGE, [], backlog_age);
        published
    }

    /// Publishes the missed events of all shards, and sets `oldest` to the time when the oldest was enqueued.
    async fn publish_from_shards(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
        oldest: &mut Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let mut published = 0;
        let missed_before = context.at.saturating_sub(MISSED_AFTER);
        for shard in 0..OUTBOX_SHARDS {
            let mut after = None;
            if deadline <= self.clock.now() {
                // Without time to publish, the age of the backlog is still measured.
                let page = self.outbox.overdue(shard, missed_before, None, 1).await?;
                *oldest = page.events.iter().filter_map(OutboxEvent::enqueued_at).chain(*oldest).min();
            }
            while self.clock.now() < deadline {
                let page = self.outbox.overdue(shard, missed_before, after, PAGE_SIZE).await?;
                *oldest = page.events.iter().filter_map(OutboxEvent::enqueued_at).chain(*oldest).min();
                let unpublished = self.relay.publish(&page.events).await?;
                self.quarantine(&page.damaged, &page.events, &unpublished.rejected, context).await?;
                published +=
                    page.events.iter().filter(|event| !unpublished.contains(&event.event_id)).count();
                // A queue that does not respond fails for the events behind these, too.
                after = page.next.filter(|_| unpublished.failed.is_empty());
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(published)
    }
}
