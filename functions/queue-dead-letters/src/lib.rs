//! Turns each dead message into a record that can be read and put right.

use shared::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::command::{Cause, CorrelationId, ExecuteError, Receipt, Store, Version};
use shared::consumer::delivery::{ORIGINAL_ID_ATTRIBUTE, REASON_ATTRIBUTE};
use shared::consumer::{BatchHandler, Delivery, Outcome};
use shared::domain::dead_letter::DeadLetter;
use shared::domain::dead_letter::record::RecordDeadLetter;
use shared::domain::id::Id;

/// Records dead messages: a whole batch in one load and one transaction.
#[derive(Debug, Clone)]
pub struct DeadLetters<S, C = SystemClock> {
    store: S,
    clock: C,
}

const CONSUMER: &str = "queue-dead-letters";

/// What is said of a message that its queue gave up on: only the log knows how each attempt ended.
const EXHAUSTED: &str = "none of the attempts that its queue allows succeeded";

impl<S: Store> DeadLetters<S> {
    /// Records in `store`.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self { store, clock: SystemClock }
    }
}

impl<S: Store, C: Clock> BatchHandler for DeadLetters<S, C> {
    async fn handle(&self, batch: Vec<Delivery>, _: Timestamp) -> Vec<Outcome> {
        let now = self.clock.now();
        let commands = batch.into_iter().map(|delivery| command(delivery, now)).collect();
        let recorded = self.store.execute_all(commands).await;
        recorded
            .into_iter()
            .map(|ended| ended.map_or_else(|error| outcome(&error), |_| Outcome::Done))
            .collect()
    }
}

/// A message may be buried twice, if its consumer dies in between: it is recorded once, under the id it had first.
fn command(delivery: Delivery, now: Timestamp) -> (RecordDeadLetter, Cause) {
    let first_id = delivery.attributes.get(ORIGINAL_ID_ATTRIBUTE).unwrap_or(&delivery.message_id).clone();
    let correlation = delivery.correlation_id.and_then(|id| CorrelationId::try_from(id).ok());
    let correlation = correlation.unwrap_or_else(|| CorrelationId::generate(&SystemEntropy));
    let receipt = Receipt::of_message(CONSUMER, &first_id, now);
    let reason = delivery.attributes.get(REASON_ATTRIBUTE).map_or(EXHAUSTED, String::as_str).to_owned();
    let letter = DeadLetter {
        id: Id::generate(now, &SystemEntropy),
        version: Version::FIRST,
        queue: delivery.queue,
        message_id: first_id,
        body: delivery.body,
        attributes: delivery.attributes,
        reason,
        sent_at: delivery.sent_at,
        created_at: now,
    };
    (RecordDeadLetter { letter }, Cause::new(correlation, now).once(receipt))
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
