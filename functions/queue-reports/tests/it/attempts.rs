//! Failed attempts, and attempts that lost their claim.

use shared::domain::job::cancel::CancelJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::retry::RetryJob;
use shared::domain::job::{JobRequest, JobStatus};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::search::HashingEmbedder;
use test_support::fixture::{Marketplace, id, seller};

use super::{Fixture, JOB, message, report};

/// Reader of a table that no longer responds.
async fn unavailable_reader() -> DynamoReader {
    let stopped = Marketplace::empty().await;
    stopped.reader.clone()
}

#[tokio::test]
async fn failed_attempts_are_recorded_and_the_last_dead_lettered() {
    let fixture = Fixture::open("2", "10").await;
    let orders = fixture.marketplace.place_orders(3).await;
    fixture.request_report(None, None).await;
    let unavailable = unavailable_reader().await;
    for delivery in [1, 4] {
        let result = fixture.handle_on(unavailable.clone(), &message(delivery)).await;
        assert_eq!((result.failures.len(), result.calls.dead_lettered.len()), (1, 0), "{result:?}");
        let job = fixture.job().await;
        assert_eq!((job.status, job.attempts), (JobStatus::Queued, delivery));
        assert_eq!(job.last_error.as_deref(), Some("the table did not respond"));
    }
    let result = fixture.handle_on(unavailable, &message(5)).await;
    assert_eq!((result.dead_letter_reason(), result.failures.len()), ("the table did not respond", 0));
    assert!(
        fixture.handle_request().await.is_success(),
        "the message may be redelivered before the dead letter is stored"
    );
    assert_eq!((fixture.text().await, fixture.job().await.last_error), (report(&orders), None));
}

#[tokio::test]
async fn job_that_cannot_be_started_waits_without_using_up_attempts() {
    let fixture = Fixture::open("2", "10").await;
    fixture.request_report(None, None).await;
    let stopped = Marketplace::empty().await;
    let (store, reader) = (stopped.store.clone(), stopped.reader.clone());
    drop(stopped);
    for delivery in 1..=5 {
        let result = fixture
            .handle_with_adapters(store.clone(), reader.clone(), HashingEmbedder, &message(delivery))
            .await;
        assert_eq!(result.retried().len(), 1, "{result:?}");
    }
    assert!(fixture.handle_request().await.is_success());
}

#[tokio::test]
async fn attempt_that_lost_its_claim_stops_and_the_next_continues() {
    let fixture = Fixture::open("1", "0").await;
    let orders = fixture.marketplace.place_orders(3).await;
    fixture.request_report(None, None).await;
    assert!(fixture.handle_request().await.is_requeued());
    // Another worker claims the job and crashes.
    let request = JobRequest { id: id(JOB), version: fixture.job().await.request.unwrap() };
    let claimed = fixture.marketplace.run(StartJob { request, delivery: 2, redrive: None }).await;
    assert_eq!((claimed.status, claimed.output.rows, claimed.attempts), (JobStatus::Running, 1, 2));
    assert!(fixture.handle_request().await.is_requeued());
    assert!(fixture.handle_request().await.is_success());
    assert_eq!(fixture.text().await, report(&orders));
}

#[tokio::test]
async fn message_of_a_cancelled_or_retried_job_has_no_effect() {
    let fixture = Fixture::open("1", "0").await;
    let orders = fixture.marketplace.place_orders(2).await;
    fixture.request_report(None, None).await;
    assert!(fixture.handle_request().await.is_requeued());
    let cancelled = fixture.marketplace.run(CancelJob { id: id(JOB), by: seller().user }).await;
    assert!(fixture.handle_request().await.is_success());
    assert_eq!(fixture.job().await, cancelled);
    let retried = fixture.marketplace.run(RetryJob { id: id(JOB), by: seller().user, open_jobs: 0 }).await;
    assert!(fixture.handle_request().await.is_success());
    assert_eq!(fixture.job().await, retried, "the message belongs to the first request");
    let mut again = message(1);
    let body = again["Records"][0]["body"].as_str().unwrap().replace("\"sequence\":1", "\"sequence\":5");
    assert_eq!(retried.request.unwrap().get(), 5);
    again["Records"][0]["body"] = body.into();
    assert!(fixture.handle(&again).await.is_requeued());
    assert!(fixture.handle(&again).await.is_success());
    assert_eq!(fixture.text().await, report(&orders));
}
