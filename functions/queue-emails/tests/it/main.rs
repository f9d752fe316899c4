//! E-mails behind their queue: batches of SQS, handled on an embedded table, sent by the real client to the postbox of the
//! local stack.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod exactly_once;
mod skipped;

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use local::services::ses::{Email, MailCatcher};
use queue_emails::Emails;
use serde_json::Value;
use shared::domain::user::User;
use shared::kit::aws::Aws;
use shared::kit::aws::mail::SesMailer;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::repository::user::UserReader;
use test_support::fixture::{BUYER, ManualClock, Marketplace, id};
use test_support::lambda_event::of_file;
use test_support::recording_queue::{RecordedCalls, RecordingQueue};

/// Where the buyer of the scene is written to.
const ADDRESS: &str = "buyer@example.com";

/// The function on a table with people, a market and its product, shortly after the events under `events/` occurred.
struct Fixture {
    scene: Marketplace,
    clock: ManualClock,
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    /// The ids of the messages that come back.
    failures: Vec<String>,
    asked: RecordedCalls,
}

impl Ended {
    /// Whether every message is done with.
    fn is_done(&self) -> bool {
        self.failures.is_empty() && self.asked == RecordedCalls::default()
    }

    /// After how long the only message comes back.
    fn comes_back_after(&self) -> Duration {
        let [(_, delay)] = self.asked.delayed.as_slice() else { panic!("{self:?}") };
        *delay
    }

    /// Why the only message is dead.
    fn dead(&self) -> &str {
        let [(_, reason)] = self.asked.buried.as_slice() else { panic!("{self:?}") };
        reason
    }
}

impl Fixture {
    async fn open() -> Self {
        let occurred: Timestamp = serde_json::from_str("\"2027-01-15T08:00:00.000Z\"").unwrap();
        let clock = ManualClock::at(occurred.saturating_add(Duration::from_secs(2)));
        Self { scene: Marketplace::open().await, clock }
    }

    /// Handles an event of AWS.
    async fn handle(&self, event: &Value) -> Ended {
        let env = self.scene.env("queue-emails");
        let mailer = SesMailer::from_env(&env, Aws::from_env(&env).unwrap().ses()).unwrap();
        let emails = Emails::new(&env, self.scene.store.clone(), mailer).unwrap();
        let handler = emails.at(self.clock.clone()).into_handler();
        let (queue, deadline) =
            (RecordingQueue::default(), SystemClock.now().saturating_add(Duration::from_secs(30)));
        let chance = (&SystemClock, &SystemEntropy);
        let response = Box::pin(consume(&handler, &queue, deliveries(event), deadline, chance)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        Ended { failures: failures.collect(), asked: queue.asked() }
    }

    /// Handles one of the events under `events/`.
    async fn hear(&self, case: &str) -> Ended {
        self.handle(&of_file("queue-emails", case)).await
    }

    fn postbox(&self) -> &MailCatcher {
        self.scene.table.stack().mail()
    }

    /// What the buyer was sent.
    fn sent(&self) -> Vec<Email> {
        self.postbox().sent_to(ADDRESS)
    }

    async fn buyer(&self) -> User {
        self.scene.reader.user(id(BUYER)).await.unwrap().unwrap()
    }
}

/// The deliveries of an event.
fn deliveries(event: &Value) -> Vec<Delivery> {
    let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
    event.records.into_iter().map(Delivery::from).collect()
}
