//! Dead-lettered job requests.

use serde_json::{Value, json};
use shared::domain::job::cancel::CancelJob;
use shared::domain::job::create::CreateJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::{Job, JobId, JobRequest, JobStatus, Priority};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{Marketplace, new_id, sales_report, seller};

use super::{dead, handle, recorded};

async fn request_job(marketplace: &Marketplace) -> Job {
    let request = CreateJob { priority: Some(Priority::High), ..sales_report(new_id()) };
    marketplace.run(request).await
}

/// Dead-lettered request of a job, sent by the given version of it.
fn dead_request(job: JobId, version: u64, message_id: &str, attributes: &[(&str, &str)]) -> Value {
    let mut message = dead(message_id, attributes);
    let body =
        json!({ "sequence": version, "type": "job.requested", "data": { "jobId": job, "jobType": "?" } });
    message["body"] = json!(body.to_string());
    message["eventSourceARN"] =
        json!("arn:aws:sqs:eu-central-1:000000000000:agora-urgent-reports-dead-letters");
    json!({ "Records": [message] })
}

async fn stored(marketplace: &Marketplace, job: JobId) -> Job {
    marketplace.reader.job(job, SystemClock.now()).await.unwrap().unwrap()
}

#[tokio::test]
async fn dead_request_marks_its_job_dead_until_it_is_redriven() {
    let marketplace = Marketplace::with_sample_data().await;
    let job = request_job(&marketplace).await;
    let event = dead_request(job.id, 1, "m1", &[("deadLetterReason", "the table did not respond")]);
    assert!(handle(&marketplace.store, &event).await.is_empty());
    let dead_letter = recorded(&marketplace.reader, Subscriber::UrgentReports).await.remove(0);
    let died = stored(&marketplace, job.id).await;
    assert_eq!(
        (died.status, died.last_error.as_deref()),
        (JobStatus::Dead, Some("the table did not respond"))
    );
    assert!(handle(&marketplace.store, &event).await.is_empty());
    assert_eq!(stored(&marketplace, job.id).await, died, "a second delivery changes nothing");

    let redriven = marketplace.run(RedriveDeadLetter { id: dead_letter.id, by: seller().user }).await;
    let redrive = redriven.message().attributes["redriveOf"].clone();
    assert_eq!(died.resumed_by.as_ref().unwrap().as_str(), redrive);
    let request = JobRequest { id: job.id, version: job.version };
    let woken = marketplace.run(StartJob { request, delivery: 1, redrive: died.resumed_by }).await;
    assert_eq!(woken.status, JobStatus::Running);
    let again = dead_request(job.id, 1, "m2", &[("redriveOf", &redrive)]);
    assert!(handle(&marketplace.store, &again).await.is_empty());
    let dead_letters = recorded(&marketplace.reader, Subscriber::UrgentReports).await;
    assert_eq!(
        (dead_letters.len(), dead_letters[0].id),
        (1, dead_letter.id),
        "the same dead letter, dead again"
    );
    let dead_again = stored(&marketplace, job.id).await;
    assert_eq!(dead_again.status, JobStatus::Dead);
    assert_ne!(dead_again.resumed_by.unwrap().as_str(), redrive);
}

#[tokio::test]
async fn dead_request_does_not_change_a_job_that_has_moved_on() {
    let marketplace = Marketplace::with_sample_data().await;
    let job = request_job(&marketplace).await;
    marketplace.run(CancelJob { id: job.id, by: seller().user }).await;
    let cancelled = stored(&marketplace, job.id).await;
    let other = request_job(&marketplace).await;
    for (id, version, message) in [(job.id, 1, "m1"), (other.id, 2, "m2"), (new_id(), 1, "m3")] {
        assert!(handle(&marketplace.store, &dead_request(id, version, message, &[])).await.is_empty());
    }
    assert_eq!(recorded(&marketplace.reader, Subscriber::UrgentReports).await.len(), 3);
    assert_eq!(stored(&marketplace, job.id).await, cancelled);
    assert_eq!(stored(&marketplace, other.id).await, other);
}
