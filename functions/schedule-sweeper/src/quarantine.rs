//! Moves events that cannot be published from the outbox to the dead letters, so that they do not stop the events
//! behind them.

use std::collections::HashMap;
use std::convert::Infallible;

use shared::kit::aws::dynamodb::write::outbox::{DamagedEvent, OutboxEvent};
use shared::kit::command::{CommandContext, EventId, ExecuteError, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, SystemEntropy};
use shared::kit::telemetry::catalogue::OUTBOX_QUARANTINED;
use shared::kit::telemetry::metrics;
use shared::messaging::dead_letter::unpublishable::UnpublishableEvent;

use crate::Sweeper;

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Moves damaged items, and events that a queue rejected, to the dead letters. An event is removed from
    /// the outbox once all of its dead letters are stored, and a rejected one is logged before. A damaged one
    /// cannot be.
    pub(crate) async fn quarantine(
        &self,
        damaged: &[DamagedEvent],
        events: &[OutboxEvent],
        rejected: &HashMap<EventId, String>,
        context: &CommandContext,
    ) -> Result<(), StoreError> {
        for event in damaged {
            event.malformed.report();
        }
        let damaged = damaged.iter().map(UnpublishableEvent::damaged);
        let rejected: Vec<(&OutboxEvent, &String)> =
            events.iter().filter_map(|event| Some((event, rejected.get(&event.event_id)?))).collect();
        self.outbox.log(&rejected.iter().map(|(event, _)| *event).collect::<Vec<_>>()).await?;
        let rejected = rejected.into_iter().map(|(event, code)| UnpublishableEvent::rejected(event, code));
        for event in damaged.chain(rejected) {
            let (pk, sk) = (&event.key.pk, &event.key.sk);
            // If a dead letter cannot be stored, the event remains in the outbox for the next tick.
            if let Err(error) = self.store_dead_letters(&event, context).await {
                tracing::error!(pk, sk, %error, "failed to store the dead letters of an event");
                continue;
            }
            tracing::error!(pk, sk, "moved an event that cannot be published to the dead letters");
            self.outbox.remove(vec![event.key]).await?;
            metrics::count(&OUTBOX_QUARANTINED, []);
        }
        Ok(())
    }

    async fn store_dead_letters(
        &self,
        event: &UnpublishableEvent,
        context: &CommandContext,
    ) -> Result<(), ExecuteError<Infallible>> {
        for (command, once) in event.dead_letters(context.at, &SystemEntropy) {
            self.store.execute(command, &once).await?;
        }
        Ok(())
    }
}
