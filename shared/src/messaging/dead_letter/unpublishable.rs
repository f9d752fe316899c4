//! Events that cannot be published. Each becomes a dead letter of every queue that subscribes to it.

use std::collections::BTreeMap;

use strum::VariantArray as _;

use crate::domain::values::id::Id;
use crate::kit::aws::dynamodb::write::outbox::{DamagedEvent, OutboxEvent};
use crate::kit::command::{CommandContext, CorrelationId, IdempotencyRecord, Key, Version};
use crate::kit::queue::consumer::delivery::{CORRELATION_ATTRIBUTE, EVENT_ATTRIBUTE};
use crate::kit::system::clock::{Entropy, Timestamp};
use crate::messaging::dead_letter::job_request::requested_job;
use crate::messaging::dead_letter::mark_job_dead::MarkJobDead;
use crate::messaging::dead_letter::record::RecordDeadLetter;
use crate::messaging::dead_letter::{
    DeadLetter, DeadLetterStatus, REDRIVE_ATTRIBUTE, dead_letter_id_of_redrive, subject_of,
};
use crate::messaging::event_routing::{Subscriber, subscribers};

/// Name under which dead letters of the outbox are recorded once.
const CONSUMER: &str = "outbox";

/// Event in the outbox that cannot be published.
#[derive(Debug, Clone)]
pub struct UnpublishableEvent {
    /// Key of the item.
    pub key: Key,
    /// Reason of the dead letter.
    reason: String,
    /// Name of the event, if it is readable.
    name: Option<String>,
    body: String,
    correlation_id: Option<String>,
    attributes: BTreeMap<String, String>,
}

impl UnpublishableEvent {
    /// An item that cannot be parsed as an event. If its body is not readable, the body of the dead letter is the
    /// whole item.
    #[must_use]
    pub fn damaged(event: &DamagedEvent) -> Self {
        let text = |name: &str| event.text(name).map(str::to_owned);
        let body = text("body").unwrap_or_else(|| event.to_json());
        Self {
            key: event.key.clone(),
            reason: "the event in the outbox is damaged".to_owned(),
            name: text("event").or_else(|| name_in(&body)),
            body,
            correlation_id: text("correlationId"),
            attributes: BTreeMap::new(),
        }
    }

    /// An event whose message a queue rejected with the error `code`.
    #[must_use]
    pub fn rejected(event: &OutboxEvent, code: &str) -> Self {
        Self {
            key: event.key(),
            reason: format!("the queue rejected the message: {code}"),
            name: Some(event.event.clone()),
            body: event.body.clone(),
            correlation_id: Some(event.correlation_id.clone()),
            attributes: event.attributes.clone(),
        }
    }

    /// Commands that store the event as dead letters. Consumers handle an event once, so a redrive is harmless
    /// for a queue that has received it. An event without a known subscriber may be for any queue.
    #[must_use]
    pub fn dead_letters(&self, now: Timestamp, entropy: &impl Entropy) -> Vec<(MarkJobDead, CommandContext)> {
        let queues = match self.name.as_deref().map_or(&[][..], subscribers) {
            [] => Subscriber::VARIANTS,
            known => known,
        };
        queues.iter().map(|queue| self.dead_letter(*queue, now, entropy)).collect()
    }

    fn dead_letter(
        &self,
        queue: Subscriber,
        now: Timestamp,
        entropy: &impl Entropy,
    ) -> (MarkJobDead, CommandContext) {
        let position = format!("{}/{}", self.key.pk, self.key.sk);
        let correlation_id = self.correlation_id.clone().and_then(|id| CorrelationId::try_from(id).ok());
        let mut attributes = self.attributes.clone();
        let redriven_from =
            attributes.remove(REDRIVE_ATTRIBUTE).and_then(|redrive| dead_letter_id_of_redrive(&redrive));
        let own = [(EVENT_ATTRIBUTE, &self.name), (CORRELATION_ATTRIBUTE, &self.correlation_id)];
        for (name, value) in own {
            if let Some(value) = value {
                attributes.entry(name.to_owned()).or_insert_with(|| value.clone());
            }
        }
        let dead_letter = DeadLetter {
            id: Id::generate(now, entropy),
            version: Version::FIRST,
            queue,
            status: DeadLetterStatus::Dead,
            message_id: position.clone(),
            subject: subject_of(&self.body),
            body: self.body.clone(),
            attributes,
            reason: self.reason.clone(),
            attempts: 1,
            sent_at: self.key.sk.split('#').next().and_then(|at| at.parse().ok()),
            redrives: Vec::new(),
            removed: None,
            created_at: now,
            updated_at: now,
        };
        let command = MarkJobDead {
            job: requested_job(queue, &self.body),
            record: RecordDeadLetter { dead_letter, redriven_from },
        };
        let context =
            CommandContext::new(correlation_id.unwrap_or_else(|| CorrelationId::generate(entropy)), now);
        let once = IdempotencyRecord::for_message(CONSUMER, &format!("{position} {queue}"), now);
        (command, context.once(once))
    }
}

/// Name of the event in a message body.
fn name_in(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body.get("type")?.as_str().map(str::to_owned)
}
