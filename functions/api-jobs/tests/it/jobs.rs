//! Tests of jobs.

mod cancel_retry;
mod create;
mod delete;
mod get_and_list;
mod result;

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::{Job, JobId, JobRequest};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use test_support::fixture::{MARKET, id, sales_report, seller};
use test_support::lambda_event::RouterResponse;

use super::Jobs;

/// Job used in the events.
pub(super) const JOB: &str = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS";

impl Jobs {
    /// Creates a job of the seller at `at`.
    pub(super) async fn requested(&self, id: JobId, at: Timestamp) -> Job {
        self.marketplace.run_at(at, sales_report(id)).await
    }

    /// Creates and starts a job of the seller.
    pub(super) async fn started(&self, id: JobId) -> Job {
        let job = self.requested(id, SystemClock.now()).await;
        let request = JobRequest { id, version: job.version };
        self.marketplace.run(StartJob { request, delivery: 1, redrive: None }).await
    }

    /// Commits a chunk with one row.
    pub(super) async fn advanced(&self, job: &Job, text: &str, is_last: bool) -> Job {
        let text = text.to_owned();
        self.marketplace
            .run(AdvanceJob { claim: job.claim(), text, rows: 1, cursor: None, total: Some(9), is_last })
            .await
    }

    /// Creates a job of the seller that has succeeded with this output.
    pub(super) async fn succeeded(&self, id: JobId, text: &str) -> Job {
        let job = self.started(id).await;
        self.advanced(&job, text, true).await
    }

    /// Creates a job as the seller, over HTTP.
    pub(super) async fn request(&self, body: &Value, key: &str) -> RouterResponse {
        self.api.post("/v1/jobs").by(seller()).key(key).json(body).await
    }

    /// Sends a `GET` request of the seller.
    pub(super) async fn get_as_seller(&self, path: &str) -> RouterResponse {
        self.api.get(path).by(seller()).await
    }

    /// Sends a `POST` request of the seller for an action on a job.
    pub(super) async fn act(&self, job: &str, action: &str) -> RouterResponse {
        self.api.post(&format!("{}/{action}", path(job))).by(seller()).await
    }
}

fn path(job: &str) -> String {
    format!("/v1/jobs/{job}")
}

fn the_job() -> JobId {
    id(JOB)
}

/// Request body for a report of all sales of the seller's market.
fn a_report() -> Value {
    json!({ "type": "sales_report", "params": { "marketId": MARKET } })
}

/// Creation time of a job that has expired, though the table may still contain it.
fn expired_creation_time() -> Timestamp {
    SystemClock.now().saturating_sub(Duration::from_hours(24 * 8))
}
