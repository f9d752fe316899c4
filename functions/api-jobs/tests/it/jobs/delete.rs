//! `DELETE /v1/jobs/{id}`.

use shared::domain::job::output::chunk::ChunkKey;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{seller, stranger};
use test_support::lambda_event::RouterResponse;

use super::{JOB, Jobs, path, the_job};

impl Jobs {
    /// Deletes the job as the seller.
    async fn delete(&self, tag: &str) -> RouterResponse {
        self.api.delete(&path(JOB)).by(seller()).if_match(tag).await
    }

    /// Number of the job's first chunks that the table contains.
    async fn stored_chunks(&self, count: u32) -> usize {
        let keys: Vec<ChunkKey> = (1..=count).map(|number| ChunkKey { job: the_job(), number }).collect();
        self.marketplace.reader.chunks(&keys).await.unwrap().iter().flatten().count()
    }
}

#[tokio::test]
async fn ended_job_is_deleted_with_its_output() {
    let jobs = Jobs::open().await;
    let job = jobs.succeeded(the_job(), "heading\r\n").await;
    assert_eq!(jobs.stored_chunks(1).await, 1);
    let tag = format!("\"{}\"", job.version);
    assert_eq!(jobs.delete(&tag).await.status, 204);
    assert_eq!(jobs.stored_chunks(1).await, 0);
    for suffix in ["", "/result"] {
        let response = jobs.get_as_seller(&format!("{}{suffix}", path(JOB))).await;
        assert_eq!(response.error(), (404, "NOT_FOUND"), "{suffix}");
    }
    assert_eq!(jobs.get_as_seller("/v1/jobs").await.json()["pagination"]["total"], 0);
    assert_eq!(jobs.act(JOB, "retry").await.error(), (404, "NOT_FOUND"));
    assert_eq!(jobs.delete(&tag).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn output_of_an_earlier_execution_is_deleted_as_well() {
    let jobs = Jobs::open().await;
    let mut job = jobs.started(the_job()).await;
    for _ in 0..3 {
        job = jobs.advanced(&job, "row\r\n", false).await;
    }
    assert_eq!(jobs.act(JOB, "cancel").await.status, 200);
    assert_eq!(jobs.act(JOB, "retry").await.status, 200);
    assert_eq!(jobs.act(JOB, "cancel").await.status, 200);
    assert_eq!(jobs.stored_chunks(3).await, 3);
    assert_eq!(jobs.delete("*").await.status, 204);
    assert_eq!(jobs.stored_chunks(3).await, 0);
}

#[tokio::test]
async fn open_outdated_and_foreign_jobs_are_not_deleted() {
    let jobs = Jobs::open().await;
    jobs.requested(the_job(), SystemClock.now()).await;
    assert_eq!(jobs.delete("\"1\"").await.error(), (409, "INVALID_STATE"));
    assert_eq!(jobs.act(JOB, "cancel").await.status, 200);
    assert_eq!(jobs.delete("\"1\"").await.error(), (412, "VERSION_MISMATCH"));
    let unconditional = jobs.api.delete(&path(JOB)).by(seller()).await;
    assert_eq!(unconditional.error(), (428, "PRECONDITION_REQUIRED"));
    let foreign = jobs.api.delete(&path(JOB)).by(stranger()).if_match("*").await;
    assert_eq!(foreign.error(), (404, "NOT_FOUND"));
    assert_eq!(jobs.get_as_seller(&path(JOB)).await.status, 200);
}

#[tokio::test]
async fn repeated_deletion_with_the_same_key_is_replayed() {
    let jobs = Jobs::open().await;
    jobs.succeeded(the_job(), "heading\r\n").await;
    let delete = || jobs.api.delete(&path(JOB)).by(seller()).if_match("*").key("k1");
    let (first, second) = (delete().await, delete().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
}
