//! Tests of `api-jobs`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delete;
mod events;
mod jobs;
mod list;
mod redrive;
mod redrive_queue;

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use shared::api::CommandState;
use shared::domain::user::Role;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::command::Version;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterId, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{Marketplace, actor, id, moderator, new_id};
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;

/// Dead letter used in the events.
const DEAD_LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// An administrator.
fn admin() -> Actor {
    actor("usr_01J8Z3K5V0ABCDEFGHJKMNPQRA", Role::Admin)
}

/// The function on a table.
struct Jobs {
    marketplace: Marketplace,
    router: Router,
}

impl Jobs {
    /// With the users of the fixture, an administrator, and a dead letter.
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        marketplace.user(admin(), "admin").await;
        let env = marketplace.env("api-jobs");
        let app = CommandState::new(&env, marketplace.store.clone(), marketplace.reader.clone()).unwrap();
        let router = api_jobs::router(app, env.parse("AGORA_JOB_RETENTION_DAYS").unwrap());
        let jobs = Self { marketplace, router };
        jobs.record(id(DEAD_LETTER), Subscriber::Fulfilment).await;
        jobs
    }

    /// Records a dead letter.
    async fn record(&self, id: DeadLetterId, queue: Subscriber) {
        let now = SystemClock.now();
        let attributes = [("correlationId", "checkout-7f3a"), ("event", "order.created")];
        let letter = DeadLetter {
            id,
            version: Version::FIRST,
            queue,
            status: DeadLetterStatus::Dead,
            message_id: "m1".to_owned(),
            body: format!("the body of {id}"),
            attributes: attributes.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
            reason: "the message cannot be parsed".to_owned(),
            attempts: 5,
            sent_at: Some(now),
            redrives: Vec::new(),
            removed: None,
            created_at: now,
            updated_at: now,
        };
        self.marketplace.run(RecordDeadLetter { dead_letter: letter, redriven_from: None }).await;
    }

    /// Records `count` dead letters of the analytics queue.
    async fn record_many(&self, count: usize) -> Vec<DeadLetterId> {
        let mut ids: Vec<DeadLetterId> = (0..count).map(|_| new_id()).collect();
        ids.sort();
        for id in &ids {
            self.record(*id, Subscriber::Analytics).await;
        }
        ids
    }

    /// Sends an event.
    async fn send(&self, event: &Value) -> RouterResponse {
        lambda_event::send(&self.router, event).await
    }

    /// Sends a request of `by` with additional headers.
    async fn ask(
        &self,
        by: Actor,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::request_event(method, path, &all, body)).await
    }

    /// Sends a `GET` request of a moderator.
    async fn get(&self, path: &str) -> RouterResponse {
        self.ask(moderator(), ("GET", path), &[], None).await
    }

    /// Redrives a queue as an administrator.
    async fn redrive(&self, queue: &str, key: &str) -> RouterResponse {
        let body = json!({ "queue": queue });
        self.ask(admin(), ("POST", "/v1/dead-letters/redrive"), &[("idempotency-key", key)], Some(&body))
            .await
    }

    /// Loads the dead letter.
    async fn stored(&self, id: DeadLetterId) -> Option<DeadLetter> {
        self.marketplace.reader.dead_letter(id).await.unwrap()
    }

    /// Redriven messages in the outbox.
    async fn sent(&self) -> Vec<OutboxEvent> {
        let (outbox, later) = (
            Outbox::new(self.marketplace.table.table()),
            SystemClock.now().saturating_add(Duration::from_hours(1)),
        );
        let mut sent = Vec::new();
        for shard in 0..OUTBOX_SHARDS {
            sent.extend(outbox.overdue(shard, later, 100).await.unwrap());
        }
        sent.retain(|event| event.event.starts_with("dead_letter."));
        sent
    }
}

fn path(id: &str) -> String {
    format!("/v1/dead-letters/{id}")
}

/// Status and error code of a response.
fn error(response: &RouterResponse) -> (u16, String) {
    (response.status.as_u16(), response.code())
}
