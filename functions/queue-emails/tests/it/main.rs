//! Integration tests of `queue-emails`: SQS batches handled on an embedded table, with the SES client sending
//! to the mail catcher of the local stack.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allowances;
mod email_change;
mod events;
mod exactly_once;
mod skipped;

use std::time::Duration;

use local::services::ses::{Email, MailCatcher};
use queue_emails::Emails;
use serde_json::Value;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::user::SessionEpoch;
use shared::domain::user::update::{UpdateUser, UserAdminRights, UserChanges};
use shared::domain::values::actor::Actor;
use shared::kit::aws::mail::SesMailer;
use shared::kit::system::clock::Timestamp;
use shared::kit::system::config::Environment;
use test_support::fixture::{ManualClock, Marketplace};
use test_support::lambda_event::event_from_file;
use test_support::queue_function::{BatchResult, handle};

/// E-mail address of the buyer.
const ADDRESS: &str = "buyer@example.com";

/// E-mail address of the seller.
const SELLER_ADDRESS: &str = "seller@example.com";

/// The function on a marketplace, shortly after the events under `events/` occurred.
struct Fixture {
    marketplace: Marketplace,
    clock: ManualClock,
}

impl Fixture {
    async fn open() -> Self {
        let occurred: Timestamp = serde_json::from_str("\"2027-01-15T08:00:00.000Z\"").unwrap();
        let clock = ManualClock::at(occurred.saturating_add(Duration::from_secs(2)));
        Self { marketplace: Marketplace::with_sample_data().await, clock }
    }

    /// Handles an SQS event.
    async fn handle(&self, event: &Value) -> BatchResult {
        self.handle_in(&self.marketplace.env("queue-emails"), event).await
    }

    /// Handles an SQS event in this environment.
    async fn handle_in(&self, env: &Environment, event: &Value) -> BatchResult {
        let mailer = SesMailer::from_env(env, self.marketplace.table.aws().ses()).unwrap();
        let emails = Emails::new(env, self.marketplace.store.clone(), mailer).unwrap();
        handle(&emails.with_clock(self.clock.clone()).into_handler(), event).await
    }

    /// Handles one of the events under `events/`.
    async fn handle_case(&self, case: &str) -> BatchResult {
        self.handle(&event_from_file("queue-emails", case)).await
    }

    /// Places the buyer's order and charges it.
    async fn confirmed_order(&self) {
        let order = self.marketplace.order(Some("pm_card_visa")).await;
        let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: order.total() };
        self.marketplace.advance(FulfilmentTransition::Reserve).await;
        self.marketplace.advance(FulfilmentTransition::Captured(capture)).await;
    }

    /// Requests another address for an account.
    async fn request_address(&self, by: Actor, email: &str) {
        let changes = UserChanges { email: Some(email.parse().unwrap()), ..UserChanges::default() };
        let update = UpdateUser {
            id: by.user,
            by,
            rights: UserAdminRights::default(),
            reauthentication: Some(SessionEpoch::default()),
            expected: None,
            changes,
        };
        self.marketplace.run(update).await;
    }

    fn mail_catcher(&self) -> &MailCatcher {
        self.marketplace.table.stack().mail()
    }

    /// The e-mails sent to the buyer.
    fn sent(&self) -> Vec<Email> {
        self.mail_catcher().sent_to(ADDRESS)
    }
}
