//! Stores each dead-lettered message; marks the job dead if the message belonged to one.

use futures::future::join_all;
use shared::domain::values::id::Id;
use shared::kit::command::{
    CommandContext, CorrelationId, ExecuteError, Executed, IdempotencyRecord, Store, Version,
};
use shared::kit::queue::consumer::delivery::{
    ATTEMPTS_ATTRIBUTE, EARLIER_ATTEMPTS_ATTRIBUTE, MAX_RECEIVE_COUNT, ORIGINAL_ID_ATTRIBUTE,
    REASON_ATTRIBUTE, RETRY_ATTRIBUTES,
};
use shared::kit::queue::consumer::{BatchHandler, Delivery, Outcome};
use shared::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy, Timestamp};
use shared::kit::telemetry::catalogue::DEAD_LETTERS;
use shared::kit::telemetry::metrics;
use shared::messaging::dead_letter::job_request::requested_job;
use shared::messaging::dead_letter::mark_job_dead::MarkJobDead;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::{
    DeadLetter, DeadLetterStatus, REDRIVE_ATTRIBUTE, dead_letter_id_of_redrive, subject_of,
};
use shared::messaging::event_routing::DeadLetterQueues;
use shared::messaging::event_routing::Subscriber;

/// Consumer that stores the dead-lettered messages of a batch concurrently.
#[derive(Debug, Clone)]
pub struct DeadLetters<S, C = SystemClock, R = SystemEntropy> {
    store: S,
    queues: DeadLetterQueues,
    clock: C,
    entropy: R,
}

const CONSUMER: &str = "queue-dead-letters";

/// Reason of a message that SQS dead-lettered after its last attempt. Only the log has the error of each
/// attempt.
const ATTEMPTS_EXHAUSTED: &str = "all delivery attempts failed";

/// Dead-letter attributes: they become fields of the dead letter and are not kept as message attributes.
const DEAD_LETTER_ATTRIBUTES: [&str; 4] =
    [ATTEMPTS_ATTRIBUTE, ORIGINAL_ID_ATTRIBUTE, REASON_ATTRIBUTE, REDRIVE_ATTRIBUTE];

impl<S: Store> DeadLetters<S> {
    /// Creates a consumer of `queues` that stores dead letters in `store`.
    #[must_use]
    pub const fn new(store: S, queues: DeadLetterQueues) -> Self {
        Self { store, queues, clock: SystemClock, entropy: SystemEntropy }
    }

    /// Replaces the clock and the entropy source.
    pub fn with_clock_and_entropy<C: Clock, R: Entropy>(self, clock: C, entropy: R) -> DeadLetters<S, C, R> {
        DeadLetters { store: self.store, queues: self.queues, clock, entropy }
    }
}

impl<S: Store, C: Clock, R: Entropy> BatchHandler for DeadLetters<S, C, R> {
    async fn handle(&self, batch: Vec<Delivery>, _: Timestamp) -> Vec<Outcome> {
        let now = self.clock.now();
        let subscribers: Vec<Option<Subscriber>> =
            batch.iter().map(|delivery| self.queues.owner(&delivery.queue)).collect();
        let deliveries = batch.into_iter().zip(&subscribers);
        let commands =
            deliveries.filter_map(|(delivery, queue)| Some(command(delivery, (*queue)?, now, &self.entropy)));
        let records =
            commands.map(|(command, context)| async move { self.store.execute(command, &context).await });
        let mut results = join_all(records).await.into_iter();
        let outcomes = subscribers.iter().map(|queue| match queue.and_then(|_| results.next()) {
            Some(Ok(executed)) => {
                if let (Executed::Committed(()), Some(queue)) = (executed, queue) {
                    metrics::count(&DEAD_LETTERS, [queue.into()]);
                }
                Outcome::Done
            }
            Some(Err(error)) => outcome(&error),
            None => Outcome::Redeliver { after: None, reason: "the message came from an unknown queue" },
        });
        outcomes.collect()
    }
}

/// Command that stores a dead-lettered message. A message may be dead-lettered twice if its consumer crashes
/// in between; it is stored once, because its original id is the idempotency key. A redriven message is
/// identified by its redrive, even if the redrive was sent several times.
fn command(
    delivery: Delivery,
    queue: Subscriber,
    now: Timestamp,
    entropy: &impl Entropy,
) -> (MarkJobDead, CommandContext) {
    let attribute = |name: &str| delivery.attributes.get(name);
    let message_id = attribute(ORIGINAL_ID_ATTRIBUTE).unwrap_or(&delivery.message_id).clone();
    let redrive = attribute(REDRIVE_ATTRIBUTE);
    let redriven_from = redrive.and_then(|redrive| dead_letter_id_of_redrive(redrive));
    let idempotency_record = IdempotencyRecord::for_message(CONSUMER, redrive.unwrap_or(&message_id), now);
    let reason = attribute(REASON_ATTRIBUTE).map_or(ATTEMPTS_EXHAUSTED, String::as_str).to_owned();
    let count = |name: &str| attribute(name).and_then(|count| count.parse::<u32>().ok());
    let attempts = count(ATTEMPTS_ATTRIBUTE)
        .unwrap_or_else(|| count(EARLIER_ATTEMPTS_ATTRIBUTE).unwrap_or(0).saturating_add(MAX_RECEIVE_COUNT));
    let sent_at = delivery.first_sent_at();
    let correlation = delivery.correlation_id.and_then(|id| CorrelationId::try_from(id).ok());
    let correlation = correlation.unwrap_or_else(|| CorrelationId::generate(entropy));
    let job = requested_job(queue, &delivery.body);
    let mut attributes = delivery.attributes;
    // A redriven message starts with a new period of retries.
    attributes.retain(|name, _| {
        let name = name.as_str();
        !DEAD_LETTER_ATTRIBUTES.contains(&name) && !RETRY_ATTRIBUTES.contains(&name)
    });
    let dead_letter = DeadLetter {
        id: Id::generate(now, entropy),
        version: Version::FIRST,
        queue,
        status: DeadLetterStatus::Dead,
        message_id,
        subject: subject_of(&delivery.body),
        body: delivery.body,
        attributes,
        reason,
        attempts,
        sent_at,
        redrives: Vec::new(),
        removed: None,
        created_at: now,
        updated_at: now,
    };
    let record = RecordDeadLetter { dead_letter, redriven_from };
    (MarkJobDead { record, job }, CommandContext::new(correlation, now).once(idempotency_record))
}

fn outcome<E>(error: &ExecuteError<E>) -> Outcome {
    let reason = match error {
        ExecuteError::Store(_) => "the table did not respond",
        ExecuteError::Refused(_)
        | ExecuteError::KeyReused
        | ExecuteError::Contention
        | ExecuteError::InProgress => "the dead letter was not stored",
    };
    Outcome::Redeliver { after: None, reason }
}
