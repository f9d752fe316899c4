//! Execution policies of the job types.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::job::JobStatus;
use shared::domain::job::create::{CreateJob, RequestedWork};
use shared::domain::job::job_type::{DataExport, JobPolicy, JobType};
use shared::kit::queue::consumer::delivery::MAX_RECEIVE_COUNT;
use shared::kit::system::clock::Timestamp;
use strum::VariantArray as _;
use test_support::fixture::{Marketplace, buyer, id, sales_report};
use test_support::lambda_event::sqs_record;

use super::{Fixture, JOB, message};

/// Message that requests a job of this type, with this receive count.
fn message_of(job_type: JobType, delivery: u32) -> Value {
    let data = json!({ "jobId": JOB, "jobType": job_type, "priority": "normal" });
    let mut record = sqs_record("agora-reports-queue", "job.requested", JOB, &data);
    record["attributes"]["ApproximateReceiveCount"] = json!(delivery.to_string());
    json!({ "Records": [record] })
}

#[tokio::test]
async fn each_type_has_its_own_number_of_attempts() {
    let stopped = Marketplace::empty().await.reader.clone();
    for job_type in [JobType::SalesReport, JobType::DataExport] {
        let fixture = Fixture::open("250", "10").await;
        fixture.marketplace.place_orders(1).await;
        let work = RequestedWork::DataExport(DataExport {});
        match job_type {
            JobType::DataExport => {
                fixture.marketplace.run(CreateJob { by: buyer(), work, ..sales_report(id(JOB)) }).await;
            }
            _ => drop(fixture.request_report(None, None).await),
        }
        let attempts = job_type.policy().max_attempts;
        for delivery in 1..attempts {
            let result = fixture.handle_on(stopped.clone(), &message_of(job_type, delivery)).await;
            assert_eq!((result.failures.len(), result.calls.dead_lettered.len()), (1, 0), "{job_type}");
            assert_eq!(fixture.job().await.status, JobStatus::Queued);
        }
        let last = fixture.handle_on(stopped.clone(), &message_of(job_type, attempts)).await;
        assert_eq!(last.dead_letter_reason(), "the table did not respond", "{job_type}");
        let interrupted = fixture.handle(&message_of(job_type, attempts + 1)).await;
        assert_eq!(interrupted.dead_letter_reason(), "all delivery attempts failed", "{job_type}");
    }
    assert_ne!(JobType::SalesReport.policy().max_attempts, JobType::DataExport.policy().max_attempts);
}

#[tokio::test]
async fn retry_delays_stay_below_the_growing_backoff_of_the_type() {
    let stopped = Marketplace::empty().await.reader.clone();
    let fixture = Fixture::open("250", "10").await;
    fixture.request_report(None, None).await;
    let policy = JobType::SalesReport.policy();
    let (mut ceiling, mut longest) = (policy.backoff, Duration::ZERO);
    for delivery in 1..policy.max_attempts {
        let delay = fixture.handle_on(stopped.clone(), &message(delivery)).await.retry_delay();
        assert!(delay <= ceiling.min(policy.max_backoff), "{delay:?} after attempt {delivery}");
        longest = longest.max(delay);
        ceiling *= 2;
    }
    assert!(longest > Duration::ZERO);
}

#[test]
fn no_policy_exceeds_the_limits_of_the_queue() {
    for job_type in JobType::VARIANTS {
        let policy = job_type.policy();
        assert!((1..=MAX_RECEIVE_COUNT).contains(&policy.max_attempts), "{job_type}");
        assert!(policy.backoff <= policy.max_backoff, "{job_type}");
        assert!(policy.max_backoff <= Duration::from_hours(12), "{job_type}");
    }
}

/// Duration as the documentation writes it.
fn in_words(duration: Duration) -> String {
    match duration.as_secs() {
        0 => "none".to_owned(),
        seconds if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[test]
fn documentation_contains_the_policy_of_each_type() {
    let documentation = include_str!("../../../../docs/adr/0021-jobs-fenced-by-version.md");
    for job_type in JobType::VARIANTS {
        let JobPolicy { max_attempts, backoff, max_backoff, delay, priority, retention } = job_type.policy();
        let start = Timestamp::from_millis(0);
        let days = retention.expires_at(start).duration_since(start).as_secs() / (24 * 60 * 60);
        let (backoff, max_backoff, delay) = (in_words(backoff), in_words(max_backoff), in_words(delay));
        let row = format!(
            "| `{job_type}` | {max_attempts} | {backoff}, up to {max_backoff} | {delay} | {priority} | {days} days |"
        );
        assert!(documentation.contains(&row), "{row}");
    }
}
