//! Tests of `api-jobs`: API Gateway events through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delete;
mod events;
mod jobs;
mod list;
mod redrive;
mod redrive_queue;

use serde_json::json;
use shared::api::CommandState;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterId};
use shared::messaging::event_routing::Subscriber;
use test_support::api_function::ApiFunction;
use test_support::fixture::{Marketplace, admin, dead_letter, id, moderator, new_id};
use test_support::lambda_event::RouterResponse;

/// Dead letter used in the events.
const DEAD_LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Path that redrives a queue.
const REDRIVE: &str = "/v1/dead-letters/redrive";

/// The function on a table.
struct Jobs {
    marketplace: Marketplace,
    api: ApiFunction,
}

impl Jobs {
    /// With the users of the fixture, an administrator, and a dead letter.
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        marketplace.user(admin(), "admin").await;
        let env = marketplace.env("api-jobs");
        let app = CommandState::new(&env, marketplace.store.clone(), marketplace.reader.clone()).unwrap();
        let router = api_jobs::router(app);
        let jobs = Self { api: ApiFunction::new(&marketplace, router), marketplace };
        jobs.record(id(DEAD_LETTER), Subscriber::Fulfilment).await;
        jobs
    }

    /// Records a dead letter.
    async fn record(&self, id: DeadLetterId, queue: Subscriber) {
        let dead_letter = dead_letter(id, queue);
        self.marketplace.run(RecordDeadLetter { dead_letter, redriven_from: None }).await;
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

    /// Sends a `GET` request of a moderator.
    async fn get(&self, path: &str) -> RouterResponse {
        self.api.get(path).by(moderator()).await
    }

    /// Redrives a queue as an administrator.
    async fn redrive(&self, queue: &str, key: &str) -> RouterResponse {
        self.api.post(REDRIVE).by(admin()).key(key).json(&json!({ "queue": queue })).await
    }

    /// Loads the dead letter.
    async fn stored(&self, id: DeadLetterId) -> Option<DeadLetter> {
        self.marketplace.reader.dead_letter(id).await.unwrap()
    }

    /// Unpublished events whose names start with `prefix`.
    async fn unpublished(&self, prefix: &str) -> Vec<OutboxEvent> {
        let mut events = self.marketplace.unpublished_events().await;
        events.retain(|event| event.event.starts_with(prefix));
        events
    }
}

fn path(id: &str) -> String {
    format!("/v1/dead-letters/{id}")
}
