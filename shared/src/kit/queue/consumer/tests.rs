//! Outcomes of records.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lambda_events::event::sqs::SqsMessage;

use super::*;
use crate::kit::queue::consumer::queue::{QueueError, UnmanagedQueue};
use crate::kit::system::clock::SystemEntropy;

const START: i64 = 1_800_000_000_000;
const SECOND: Duration = Duration::from_secs(1);
/// Maximum delay of a message.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Handler with the same outcome for every message.
struct Always(Outcome);

impl BatchHandler for Always {
    async fn handle(&self, batch: Vec<Delivery>, _: Timestamp) -> Vec<Outcome> {
        vec![self.0.clone(); batch.len()]
    }
}

/// Queue that keeps the last message that was sent again or dead-lettered.
#[derive(Default)]
struct VirtualQueue {
    resent: Mutex<Option<(Delivery, Duration)>>,
    dead: Mutex<Option<String>>,
}

impl Queue for VirtualQueue {
    async fn change_visibility(&self, delays: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        assert!(delays.is_empty(), "{delays:?}");
        Ok(())
    }

    async fn resend(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        *self.resent.lock().unwrap() = Some((delivery.clone(), after));
        Ok(())
    }

    async fn dead_letter(&self, _: &Delivery, reason: &str) -> Result<(), QueueError> {
        *self.dead.lock().unwrap() = Some(reason.to_owned());
        Ok(())
    }
}

/// Clock that only the test advances.
#[derive(Clone)]
struct TestClock(&'static AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

fn new_message() -> Delivery {
    let mut message = SqsMessage::default();
    message.message_id = Some("m1".to_owned());
    Delivery { sent_at: Some(Timestamp::from_millis(START)), ..message.into() }
}

/// Handles a message until it is dead-lettered or `limit` has passed. Returns the number of attempts, the
/// elapsed time, and the reason of the dead letter.
async fn deliver(outcome: Outcome, limit: Duration) -> (u32, Duration, Option<String>) {
    let (queue, mut delivery) = (VirtualQueue::default(), new_message());
    let clock = TestClock(Box::leak(Box::new(AtomicI64::new(START))));
    let handler = Always(outcome);
    for attempts in 1.. {
        let (batch, deadline) = (vec![delivery.clone()], clock.now());
        let response = consume(&handler, &queue, batch, deadline, &clock, &SystemEntropy).await;
        assert!(response.batch_item_failures.is_empty(), "no delivery counts as failed");
        let passed = clock.now().duration_since(Timestamp::from_millis(START));
        let reason = queue.dead.lock().unwrap().take();
        if reason.is_some() || passed >= limit {
            return (attempts, passed, reason);
        }
        let (resent, delay) = queue.resent.lock().unwrap().take().unwrap();
        assert!(delay <= MAX_DELAY, "{delay:?}");
        let millis = i64::try_from(delay.max(SECOND).as_millis()).unwrap();
        clock.0.fetch_add(millis, Ordering::SeqCst);
        // The new message has a receive count of its own.
        delivery = Delivery { sent_at: Some(clock.now()), receive_count: 1, ..resent };
    }
    unreachable!()
}

#[tokio::test]
async fn retried_message_is_dead_lettered_after_24_hours() {
    let outcome = Outcome::Retry { after: None, reason: "the table did not respond" };
    let (attempts, passed, reason) = deliver(outcome, Duration::MAX).await;
    assert!((RETRY_PERIOD..RETRY_PERIOD + MAX_DELAY).contains(&passed), "{passed:?}");
    // The mean of the jittered delays is 7.5 minutes.
    assert!((120..=300).contains(&attempts), "{attempts}");
    let expected = "retried for 24 hours; last failure: the table did not respond";
    assert_eq!(reason.as_deref(), Some(expected));
}

#[tokio::test]
async fn result_that_could_not_be_stored_is_sent_with_the_message() {
    let queue = VirtualQueue::default();
    let clock = TestClock(Box::leak(Box::new(AtomicI64::new(START))));
    let handler =
        Always(Outcome::Unstored { result: "sent".to_owned(), reason: "the table did not respond" });
    consume(&handler, &queue, vec![new_message()], clock.now(), &clock, &SystemEntropy).await;
    let (resent, _) = queue.resent.lock().unwrap().take().unwrap();
    assert_eq!((resent.call_result(), resent.first_sent_at()), (Some("sent"), new_message().sent_at));
    assert_eq!(resent.after_failure(clock.now()).call_result(), Some("sent"), "a later failure keeps it");
    assert_eq!(resent.as_new().call_result(), None);
}

#[tokio::test]
async fn requeued_message_is_not_dead_lettered() {
    let outcome = Outcome::Requeue { after: MAX_DELAY, reason: "there are more pages" };
    let (attempts, _, reason) = deliver(outcome, Duration::from_hours(48)).await;
    assert_eq!((attempts, reason), (48 * 4 + 1, None));
}

#[test]
fn attempts_and_first_send_outlive_requeues() {
    let now = Timestamp::from_millis(START + 5_000);
    let second = Delivery { receive_count: 3, ..new_message() }.after_failure(now);
    let second = Delivery { sent_at: Some(now), receive_count: 1, ..second };
    assert_eq!((second.attempt(), second.first_sent_at()), (4, new_message().sent_at));
    let requeued = second.as_new();
    assert_eq!((requeued.attempt(), requeued.first_sent_at()), (1, Some(now)));
}

#[tokio::test]
async fn message_that_cannot_be_requeued_is_redelivered() {
    for outcome in [
        Outcome::Requeue { after: SECOND, reason: "not now" },
        Outcome::Retry { after: None, reason: "not now" },
        Outcome::DeadLetter { reason: "never".to_owned() },
    ] {
        let clock = TestClock(Box::leak(Box::new(AtomicI64::new(START))));
        let (handler, batch) = (Always(outcome), vec![new_message()]);
        let response = consume(&handler, &UnmanagedQueue, batch, clock.now(), &clock, &SystemEntropy).await;
        let failed_ids: Vec<_> =
            response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        assert_eq!(failed_ids, ["m1"]);
    }
}
