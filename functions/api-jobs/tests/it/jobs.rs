//! Jobs.

mod cancel_retry;
mod create;
mod get_and_list;
mod result;

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::job::create::CreateJob;
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::{Job, JobId, JobRequest, Priority};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use test_support::fixture::{MARKET, id, seller};
use test_support::lambda_event::Answer;

use super::Jobs;

/// A job that the events speak of.
pub(super) const JOB: &str = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS";

impl Jobs {
    /// A job of the seller's that was asked for at `at`.
    pub(super) async fn requested(&self, id: JobId, at: Timestamp) -> Job {
        let request = CreateJob {
            id,
            by: seller(),
            reads_any: false,
            market_id: super::id(MARKET),
            from: None,
            to: None,
            priority: Priority::Normal,
            run_at: None,
            retention: "7".parse().unwrap(),
        };
        self.scene.run_at(at, request).await
    }

    /// The same, once somebody has taken it up.
    pub(super) async fn started(&self, id: JobId) -> Job {
        let job = self.requested(id, SystemClock.now()).await;
        let request = JobRequest { id, version: job.version };
        self.scene.run(StartJob { request, delivery: 1, redrive: None }).await
    }

    /// Keeps a chunk of one row.
    pub(super) async fn advanced(&self, job: &Job, text: &str, is_last: bool) -> Job {
        let text = text.to_owned();
        self.scene.run(AdvanceJob { held: job.held(), text, rows: 1, after: None, total: 9, is_last }).await
    }

    /// A job of the seller's that has made this.
    pub(super) async fn succeeded(&self, id: JobId, text: &str) -> Job {
        let job = self.started(id).await;
        self.advanced(&job, text, true).await
    }

    /// The answer to the seller, who asks for a job under a key.
    pub(super) async fn request(&self, body: &Value, key: &str) -> Answer {
        self.ask(seller(), ("POST", "/v1/jobs"), &[("idempotency-key", key)], Some(body)).await
    }

    /// The answer to the seller, who looks at something.
    pub(super) async fn look(&self, path: &str) -> Answer {
        self.ask(seller(), ("GET", path), &[], None).await
    }

    /// The answer to the seller, who does something to a job.
    pub(super) async fn act(&self, job: &str, action: &str) -> Answer {
        self.ask(seller(), ("POST", &format!("{}/{action}", path(job))), &[], None).await
    }
}

fn path(job: &str) -> String {
    format!("/v1/jobs/{job}")
}

fn the_job() -> JobId {
    id(JOB)
}

/// A report of all that the seller's market sold.
fn a_report() -> Value {
    json!({ "type": "sales_report", "params": { "marketId": MARKET } })
}

/// A moment at which a job was asked for that is gone by now, though the table may not have forgotten it.
fn long_ago() -> Timestamp {
    SystemClock.now().saturating_sub(Duration::from_hours(24 * 8))
}
