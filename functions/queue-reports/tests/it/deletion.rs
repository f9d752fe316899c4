//! Deletion of the output that a deleted job has left.

use serde_json::json;
use shared::domain::job::cancel::CancelJob;
use shared::domain::job::delete::{DeleteJob, MAX_DELETED_CHUNKS};
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::output::chunk::ChunkKey;
use shared::domain::job::{JobId, JobRequest};
use test_support::fixture::{id, seller};
use test_support::lambda_event::sqs_record;

use super::{Fixture, JOB};

impl Fixture {
    /// Number of the job's first `count` chunks that the table contains.
    async fn stored_chunks(&self, count: u32) -> usize {
        let keys: Vec<ChunkKey> = (1..=count).map(|number| ChunkKey { job: id(JOB), number }).collect();
        let mut stored = 0;
        for keys in keys.chunks(100) {
            stored += self.marketplace.reader.chunks(keys).await.unwrap().iter().flatten().count();
        }
        stored
    }
}

#[tokio::test]
async fn output_larger_than_a_transaction_is_deleted_by_the_worker() {
    let fixture = Fixture::open("1", "0").await;
    let id: JobId = fixture.request_report(None, None).await;
    let request = JobRequest { id, version: fixture.job().await.version };
    let mut job = fixture.marketplace.run(StartJob { request, delivery: 1, redrive: None }).await;
    let chunks = 2 * MAX_DELETED_CHUNKS + 1;
    for _ in 0..chunks {
        let (claim, text) = (job.claim(), "row\r\n".to_owned());
        let page = AdvanceJob { claim, text, rows: 1, cursor: None, total: None, is_last: false };
        job = fixture.marketplace.run(page).await;
    }
    fixture.marketplace.run(CancelJob { id, by: seller().user }).await;
    fixture.marketplace.run(DeleteJob { id, by: seller().user, expected: None }).await;
    let remaining = chunks - MAX_DELETED_CHUNKS;
    assert_eq!(fixture.stored_chunks(chunks).await, usize::try_from(remaining).unwrap());

    let mut events = fixture.marketplace.unpublished_events().await;
    events.retain(|event| event.event == "job.output_deletion_requested");
    let data = json!({ "jobId": JOB, "chunks": remaining });
    let record = sqs_record("agora-reports-queue", &events[0].event, JOB, &data);
    for _ in 0..2 {
        assert!(fixture.handle(&json!({ "Records": [record.clone()] })).await.is_success());
        assert_eq!(fixture.stored_chunks(chunks).await, 0);
    }
}
