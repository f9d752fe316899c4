//! E-mails about jobs that have ended, and jobs that are deleted.

use http::{Method, StatusCode};
use serde_json::json;
use shared::domain::job::output::chunk::Chunk;
use shared::kit::command::Record;
use test_support::audit::Items;

use crate::emails::assert_each_email_is_sent_once;
use crate::jobs::fixture::{Fixture, job_ended};

impl Fixture {
    /// Kinds of the e-mails about jobs that the seller received.
    fn job_emails(&self) -> Vec<String> {
        let sent = self.app.stack().mail().sent_to(&self.seller.email).into_iter();
        let kinds = sent.map(|email| email.tags["kind"].clone());
        kinds.filter(|kind| kind.starts_with("job-")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_email_is_sent_at_each_end_if_requested() {
    let fixture = Fixture::open(2, "250", "10").await;
    let silent = fixture.report(json!({})).await;
    fixture.wait_for_job(&silent, "succeeded").await;
    fixture.app.wait_until_idle().await;
    assert!(fixture.job_emails().is_empty(), "no e-mail was requested");

    let notified = fixture.report(json!({ "notify": true })).await;
    let job = fixture.wait_for_job(&notified, "succeeded").await;
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.job_emails(), ["job-succeeded"]);
    let email = fixture.app.stack().mail().sent_to(&fixture.seller.email).pop().unwrap();
    assert!(email.text.contains(job["id"].as_str().unwrap()), "{}", email.text);
    let message = job_ended(&job, &fixture.seller.id);
    futures::future::join_all((0..5).map(|_| fixture.app.send_message("EmailsQueue", &message))).await;
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.job_emails(), ["job-succeeded"], "duplicates send no e-mail");
    assert_each_email_is_sent_once(&fixture.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_of_a_dead_job_receives_an_email() {
    let fixture = Fixture::open(1, "250", "10").await;
    fixture.create_dead_by_kills_with(json!({ "notify": true })).await;
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.job_emails(), ["job-dead"]);
    assert_each_email_is_sent_once(&fixture.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_job_leaves_no_output_and_its_email_is_sent() {
    let fixture = Fixture::open(3, "1", "10").await;
    let job = fixture.report(json!({ "notify": true })).await;
    fixture.wait_for_job(&job, "succeeded").await;
    assert_eq!(Items::scan(&fixture.app).await.of_kind(Chunk::KIND).count(), 3);
    let delete = || fixture.app.request(Method::DELETE, &job).by(&fixture.seller).header("if-match", "*");
    assert_eq!(delete().send().await.status, StatusCode::NO_CONTENT);
    fixture.app.wait_until_idle().await;
    assert_eq!(Items::scan(&fixture.app).await.of_kind(Chunk::KIND).count(), 0);
    assert_eq!(fixture.get(&job).await.status, StatusCode::NOT_FOUND);
    assert_eq!(delete().send().await.status, StatusCode::NOT_FOUND);
    assert_eq!(fixture.job_emails(), ["job-succeeded"]);
}
