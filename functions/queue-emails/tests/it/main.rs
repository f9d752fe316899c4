//! Integration tests of `queue-emails`: SQS batches handled on an embedded table, with the SES client sending
//! to the mail catcher of the local stack.

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
use test_support::lambda_event::event_from_file;
use test_support::recording_queue::{RecordedCalls, RecordingQueue};

/// E-mail address of the buyer.
const ADDRESS: &str = "buyer@example.com";

/// The function on a marketplace, shortly after the events under `events/` occurred.
struct Fixture {
    marketplace: Marketplace,
    clock: ManualClock,
}

/// Result of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BatchResult {
    /// The ids of the failed messages.
    failures: Vec<String>,
    calls: RecordedCalls,
}

impl BatchResult {
    /// Returns true if every message succeeded.
    fn is_success(&self) -> bool {
        self.failures.is_empty() && self.calls == RecordedCalls::default()
    }

    /// The delay until the only message is redelivered.
    fn retry_delay(&self) -> Duration {
        let [(_, delay)] = self.calls.visibility_changed.as_slice() else { panic!("{self:?}") };
        *delay
    }

    /// The reason why the only message was dead-lettered.
    fn dead_letter_reason(&self) -> &str {
        let [(_, reason)] = self.calls.dead_lettered.as_slice() else { panic!("{self:?}") };
        reason
    }
}

impl Fixture {
    async fn open() -> Self {
        let occurred: Timestamp = serde_json::from_str("\"2027-01-15T08:00:00.000Z\"").unwrap();
        let clock = ManualClock::at(occurred.saturating_add(Duration::from_secs(2)));
        Self { marketplace: Marketplace::with_sample_data().await, clock }
    }

    /// Handles an SQS event.
    async fn handle(&self, event: &Value) -> BatchResult {
        let env = self.marketplace.env("queue-emails");
        let mailer = SesMailer::from_env(&env, Aws::from_env(&env).unwrap().ses()).unwrap();
        let emails = Emails::new(&env, self.marketplace.store.clone(), mailer).unwrap();
        let handler = emails.with_clock(self.clock.clone()).into_handler();
        let (queue, deadline) =
            (RecordingQueue::default(), SystemClock.now().saturating_add(Duration::from_secs(30)));
        let response =
            Box::pin(consume(&handler, &queue, deliveries(event), deadline, &SystemClock, &SystemEntropy))
                .await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        BatchResult { failures: failures.collect(), calls: queue.calls() }
    }

    /// Handles one of the events under `events/`.
    async fn handle_case(&self, case: &str) -> BatchResult {
        self.handle(&event_from_file("queue-emails", case)).await
    }

    fn mail_catcher(&self) -> &MailCatcher {
        self.marketplace.table.stack().mail()
    }

    /// The e-mails sent to the buyer.
    fn sent(&self) -> Vec<Email> {
        self.mail_catcher().sent_to(ADDRESS)
    }

    async fn buyer(&self) -> User {
        self.marketplace.reader.user(id(BUYER)).await.unwrap().unwrap()
    }
}

/// The deliveries of an event.
fn deliveries(event: &Value) -> Vec<Delivery> {
    let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
    event.records.into_iter().map(Delivery::from).collect()
}
