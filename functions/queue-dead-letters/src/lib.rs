//! Turns each dead message into a record that can be read and put right; if it asked for a job, the job is dead with it.

mod job_request;

use futures::future::join_all;
use shared::domain::values::id::Id;
use shared::kit::command::{
    CommandContext, CorrelationId, ExecuteError, Executed, IdempotencyRecord, Store, Version,
};
use shared::kit::queue::consumer::delivery::{
    ATTEMPTS_ATTRIBUTE, MAX_RECEIVE_COUNT, ORIGINAL_ID_ATTRIBUTE, REASON_ATTRIBUTE,
};
use shared::kit::queue::consumer::{BatchHandler, Delivery, Outcome};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::kit::telemetry::catalogue::DEAD_LETTERS;
use shared::kit::telemetry::metrics;
use shared::messaging::dead_letter::mark_job_dead::MarkJobDead;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::{
    DeadLetter, DeadLetterStatus, REDRIVE_ATTRIBUTE, dead_letter_id_of_redrive,
};
use shared::messaging::event_routing::DeadLetterQueues;
use shared::messaging::event_routing::Subscriber;

/// Records dead messages, those of a batch at the same time.
#[derive(Debug, Clone)]
pub struct DeadLetters<S, C = SystemClock> {
    store: S,
    queues: DeadLetterQueues,
    clock: C,
}

const CONSUMER: &str = "queue-dead-letters";

/// What is said of a message that its queue gave up on: only the log knows how each attempt ended.
const EXHAUSTED: &str = "none of the attempts that its queue allows succeeded";

/// What is noted beside a message when it is buried, and is part of the letter then.
const NOTES: [&str; 4] = [ATTEMPTS_ATTRIBUTE, ORIGINAL_ID_ATTRIBUTE, REASON_ATTRIBUTE, REDRIVE_ATTRIBUTE];

impl<S: Store> DeadLetters<S> {
    /// Records in `store` what comes through `queues`.
    #[must_use]
    pub const fn new(store: S, queues: DeadLetterQueues) -> Self {
        Self { store, queues, clock: SystemClock }
    }
}

impl<S: Store, C: Clock> BatchHandler for DeadLetters<S, C> {
    async fn handle(&self, batch: Vec<Delivery>, _: Timestamp) -> Vec<Outcome> {
        let now = self.clock.now();
        let whose: Vec<Option<Subscriber>> =
            batch.iter().map(|delivery| self.queues.owner(&delivery.queue)).collect();
        let known = batch.into_iter().zip(&whose);
        let commands = known.filter_map(|(delivery, queue)| Some(command(delivery, (*queue)?, now)));
        let records =
            commands.map(|(command, cause)| async move { self.store.execute(command, &cause).await });
        let mut recorded = join_all(records).await.into_iter();
        let outcomes = whose.iter().map(|queue| match queue.and_then(|_| recorded.next()) {
            Some(Ok(ended)) => {
                if let (Executed::Committed(()), Some(queue)) = (ended, queue) {
                    metrics::count(&DEAD_LETTERS, [queue.as_str()]);
                }
                Outcome::Done
            }
            Some(Err(error)) => outcome(&error),
            None => Outcome::Retry { after: None, reason: "it came through a queue that is not known" },
        });
        outcomes.collect()
    }
}

/// A message may be buried twice, if its consumer dies in between: it is recorded once, under the id it had first. One
/// that was redriven is known by its redrive, however often that was sent.
fn command(delivery: Delivery, queue: Subscriber, now: Timestamp) -> (MarkJobDead, CommandContext) {
    let note = |name: &str| delivery.attributes.get(name);
    let message_id = note(ORIGINAL_ID_ATTRIBUTE).unwrap_or(&delivery.message_id).clone();
    let redrive = note(REDRIVE_ATTRIBUTE);
    let redriven_from = redrive.and_then(|redrive| dead_letter_id_of_redrive(redrive));
    let receipt = IdempotencyRecord::for_message(CONSUMER, redrive.unwrap_or(&message_id), now);
    let reason = note(REASON_ATTRIBUTE).map_or(EXHAUSTED, String::as_str).to_owned();
    let attempts = note(ATTEMPTS_ATTRIBUTE).and_then(|count| count.parse().ok()).unwrap_or(MAX_RECEIVE_COUNT);
    let correlation = delivery.correlation_id.and_then(|id| CorrelationId::try_from(id).ok());
    let correlation = correlation.unwrap_or_else(|| CorrelationId::generate(&SystemEntropy));
    let job = crate::job_request::requested_job(queue, &delivery.body);
    let mut attributes = delivery.attributes;
    attributes.retain(|name, _| !NOTES.contains(&name.as_str()));
    let letter = DeadLetter {
        id: Id::generate(now, &SystemEntropy),
        version: Version::FIRST,
        queue,
        status: DeadLetterStatus::Dead,
        message_id,
        body: delivery.body,
        attributes,
        reason,
        attempts,
        sent_at: delivery.sent_at,
        redrives: Vec::new(),
        removed: None,
        created_at: now,
        updated_at: now,
    };
    let letter = RecordDeadLetter { letter, redriven_from };
    (MarkJobDead { letter, job }, CommandContext::new(correlation, now).once(receipt))
}

fn outcome<E>(error: &ExecuteError<E>) -> Outcome {
    let reason = match error {
        ExecuteError::Store(_) => "the table did not answer",
        ExecuteError::Refused(_)
        | ExecuteError::KeyReused
        | ExecuteError::Contention
        | ExecuteError::InProgress => "the record was not taken",
    };
    Outcome::Retry { after: None, reason }
}
