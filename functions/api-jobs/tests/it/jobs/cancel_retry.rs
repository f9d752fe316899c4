//! `POST /v1/jobs/{id}/cancel` and `/retry`.

use serde_json::json;
use shared::domain::job::execution::fail::{FailJob, JobRefusal};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::seller;

use super::{JOB, Jobs, path, the_job};

impl Jobs {
    async fn assert_refused(&self, action: &str) {
        assert_eq!(self.act(JOB, action).await.error(), (409, "INVALID_STATE"), "{action}");
    }
}

#[tokio::test]
async fn job_can_be_cancelled_once_and_then_retried() {
    let jobs = Jobs::open().await;
    jobs.requested(the_job(), SystemClock.now()).await;
    jobs.assert_refused("retry").await;
    let cancelled = jobs.act(JOB, "cancel").await;
    assert_eq!(cancelled.header("etag").unwrap(), "\"2\"");
    assert_eq!(cancelled.json()["data"]["status"], "cancelled");
    jobs.assert_refused("cancel").await;
    let retried = jobs.act(JOB, "retry").await;
    assert_eq!((retried.status.as_u16(), retried.json()["data"]["status"].clone()), (200, json!("queued")));
    jobs.assert_refused("retry").await;
}

#[tokio::test]
async fn last_error_is_returned_until_the_job_is_retried() {
    let jobs = Jobs::open().await;
    let job = jobs.started(the_job()).await;
    jobs.marketplace.run(FailJob { claim: job.claim(), refusal: JobRefusal::MarketDeleted }).await;
    let failed = jobs.get_as_seller(&path(JOB)).await.json()["data"].clone();
    assert_eq!(
        (&failed["status"], &failed["lastError"]),
        (&json!("failed"), &json!("the market was deleted"))
    );
    jobs.assert_refused("cancel").await;
    let retried = jobs.act(JOB, "retry").await.json()["data"].clone();
    assert!(retried.get("lastError").is_none() && retried.get("finishedAt").is_none(), "{retried}");
}

#[tokio::test]
async fn succeeded_job_can_be_neither_cancelled_nor_retried() {
    let jobs = Jobs::open().await;
    jobs.succeeded(the_job(), "heading\r\n").await;
    jobs.assert_refused("cancel").await;
    jobs.assert_refused("retry").await;
}

#[tokio::test]
async fn repetition_with_same_key_returns_the_first_response() {
    let jobs = Jobs::open().await;
    jobs.requested(the_job(), SystemClock.now()).await;
    for action in ["cancel", "retry"] {
        let path = format!("{}/{action}", path(JOB));
        let first = jobs.api.post(&path).by(seller()).key("k1").await;
        let again = jobs.api.post(&path).by(seller()).key("k1").await;
        assert_eq!((first.status.as_u16(), &again.bytes), (200, &first.bytes), "{action}");
        assert_eq!(again.header("idempotent-replay").unwrap(), "true");
    }
}
