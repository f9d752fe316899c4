//! Messages that asked for a job.

use serde_json::{Value, json};
use shared::domain::job::cancel::CancelJob;
use shared::domain::job::create::CreateJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::{Job, JobId, JobRequest, JobStatus, Priority};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::event_routing::Subscriber;
use shared::repository::job::JobReader;
use test_support::fixture::{MARKET, Marketplace, id, new_id, seller};

use super::{dead, handle, recorded};

async fn requested(scene: &Marketplace) -> Job {
    let (market_id, retention) = (id(MARKET), "7".parse().unwrap());
    let request = CreateJob {
        id: new_id(),
        by: seller(),
        reads_any: false,
        market_id,
        from: None,
        to: None,
        priority: Priority::High,
        run_at: None,
        retention,
    };
    scene.run(request).await
}

/// The dead message of a job's request, of the version that asked.
fn dead_request(job: JobId, version: u64, message_id: &str, beside: &[(&str, &str)]) -> Value {
    let mut message = dead(message_id, beside);
    let body =
        json!({ "sequence": version, "type": "job.requested", "data": { "jobId": job, "jobType": "?" } });
    message["body"] = json!(body.to_string());
    message["eventSourceARN"] =
        json!("arn:aws:sqs:eu-central-1:000000000000:agora-urgent-reports-dead-letters");
    json!({ "Records": [message] })
}

async fn stored(scene: &Marketplace, job: JobId) -> Job {
    scene.reader.job(job, SystemClock.now()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_job_is_dead_with_its_message_for_the_same_reason_and_is_woken_by_that_letter() {
    let scene = Marketplace::open().await;
    let job = requested(&scene).await;
    let event = dead_request(job.id, 1, "m1", &[("deadLetterReason", "the table did not answer")]);
    assert!(handle(&scene.store, &event).await.is_empty());
    let letter = recorded(&scene.reader, Subscriber::UrgentReports).await.remove(0);
    let died = stored(&scene, job.id).await;
    assert_eq!(
        (died.status, died.last_error.as_deref()),
        (JobStatus::Dead, Some("the table did not answer"))
    );
    assert!(handle(&scene.store, &event).await.is_empty());
    assert_eq!(stored(&scene, job.id).await, died, "once");

    let redriven = scene.run(RedriveDeadLetter { id: letter.id, by: seller().user }).await;
    let redrive = redriven.message().attributes["redriveOf"].clone();
    assert_eq!(died.woken_by.as_ref().unwrap().as_str(), redrive);
    let request = JobRequest { id: job.id, version: job.version };
    let woken = scene.run(StartJob { request, delivery: 1, redrive: died.woken_by }).await;
    assert_eq!(woken.status, JobStatus::Running);
    let again = dead_request(job.id, 1, "m2", &[("redriveOf", &redrive)]);
    assert!(handle(&scene.store, &again).await.is_empty());
    let letters = recorded(&scene.reader, Subscriber::UrgentReports).await;
    assert_eq!((letters.len(), letters[0].id), (1, letter.id), "the same letter, dead again");
    let dead_again = stored(&scene, job.id).await;
    assert_eq!(dead_again.status, JobStatus::Dead);
    assert_ne!(dead_again.woken_by.unwrap().as_str(), redrive);
}

#[tokio::test]
async fn the_message_of_a_job_that_has_moved_on_is_recorded_and_changes_nothing_of_it() {
    let scene = Marketplace::open().await;
    let job = requested(&scene).await;
    scene.run(CancelJob { id: job.id, by: seller().user }).await;
    let cancelled = stored(&scene, job.id).await;
    let other = requested(&scene).await;
    for (id, version, message) in [(job.id, 1, "m1"), (other.id, 2, "m2"), (new_id(), 1, "m3")] {
        assert!(handle(&scene.store, &dead_request(id, version, message, &[])).await.is_empty());
    }
    assert_eq!(recorded(&scene.reader, Subscriber::UrgentReports).await.len(), 3);
    assert_eq!(stored(&scene, job.id).await, cancelled);
    assert_eq!(stored(&scene, other.id).await, other);
}
