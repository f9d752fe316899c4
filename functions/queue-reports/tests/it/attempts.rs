//! Attempts that fail, and attempts that come too late.

use shared::domain::job::cancel::CancelJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::retry::RetryJob;
use shared::domain::job::{JobRequest, JobStatus};
use shared::kit::aws::dynamodb::DynamoReader;
use test_support::fixture::{Marketplace, id, seller};

use super::{Fixture, JOB, message, report};

/// A reader of a table that does not answer any more.
async fn of_a_lost_table() -> DynamoReader {
    let lost = Marketplace::empty().await;
    lost.reader.clone()
}

#[tokio::test]
async fn an_attempt_that_fails_is_noted_and_the_last_of_them_is_dead_with_its_reason() {
    let desk = Fixture::open("2", "10").await;
    let orders = desk.sold(3).await;
    desk.requested(None, None).await;
    let lost = of_a_lost_table().await;
    for delivery in [1, 4] {
        let ended = desk.handle_on(lost.clone(), &message(delivery)).await;
        assert!(ended.comes_back && ended.asked.buried.is_empty(), "{ended:?}");
        let job = desk.job().await;
        assert_eq!((job.status, job.attempts), (JobStatus::Queued, delivery));
        assert_eq!(job.last_error.as_deref(), Some("the table did not answer"));
    }
    let ended = desk.handle_on(lost, &message(5)).await;
    assert_eq!((ended.dead(), ended.comes_back), ("the table did not answer", false));
    assert!(
        desk.hear().await.is_done(),
        "its message may still come, before anybody has recorded that it is dead"
    );
    assert_eq!((desk.text().await, desk.job().await.last_error), (report(&orders), None));
}

#[tokio::test]
async fn whoever_is_overtaken_stops_and_whoever_comes_later_goes_on() {
    let desk = Fixture::open("1", "0").await;
    let orders = desk.sold(3).await;
    desk.requested(None, None).await;
    assert!(desk.hear().await.is_handed_over());
    // Somebody takes the job up and is not heard of again.
    let request = JobRequest { id: id(JOB), version: desk.job().await.request.unwrap() };
    let taken = desk.scene.run(StartJob { request, delivery: 2, redrive: None }).await;
    assert_eq!((taken.status, taken.written.rows, taken.attempts), (JobStatus::Running, 1, 2));
    assert!(desk.hear().await.is_handed_over());
    assert!(desk.hear().await.is_done());
    assert_eq!(desk.text().await, report(&orders));
}

#[tokio::test]
async fn the_message_of_a_job_that_was_called_off_or_asked_for_again_has_no_effect() {
    let desk = Fixture::open("1", "0").await;
    let orders = desk.sold(2).await;
    desk.requested(None, None).await;
    assert!(desk.hear().await.is_handed_over());
    let cancelled = desk.scene.run(CancelJob { id: id(JOB), by: seller().user }).await;
    assert!(desk.hear().await.is_done());
    assert_eq!(desk.job().await, cancelled);
    let retried = desk.scene.run(RetryJob { id: id(JOB), by: seller().user }).await;
    assert!(desk.hear().await.is_done());
    assert_eq!(desk.job().await, retried, "that was the message of the first request");
    let mut again = message(1);
    let body = again["Records"][0]["body"].as_str().unwrap().replace("\"sequence\":1", "\"sequence\":5");
    assert_eq!(retried.request.unwrap().get(), 5);
    again["Records"][0]["body"] = body.into();
    assert!(desk.handle(&again).await.is_handed_over());
    assert!(desk.handle(&again).await.is_done());
    assert_eq!(desk.text().await, report(&orders));
}
