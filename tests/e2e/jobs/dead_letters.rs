//! Reports whose attempts all fail.

use http::StatusCode;
use local::faults::{Fault, Rule};
use serde_json::{Value, json};
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS, job_requested};

impl Fixture {
    /// Waits until the only dead letter has this status.
    async fn wait_for_dead_letter(&self, status: &str) -> Value {
        let poll = || async {
            let mut dead_letters = self.dead_letters().await;
            assert!(dead_letters.len() <= 1, "{dead_letters:?}");
            dead_letters.pop().filter(|dead_letter| dead_letter["status"] == status)
        };
        eventually(&format!("the dead letter is {status}"), poll).await
    }

    /// Redrives the dead letter, and checks that the report succeeds and is exact.
    async fn redrive(&self, dead_letter: &Value, job: &str) {
        let path = format!("/v1/dead-letters/{}/redrive", dead_letter["id"].as_str().unwrap());
        let redriven = self.post(&self.admin, &path).await.data(StatusCode::OK);
        assert_eq!(redriven["status"], "redriven");
        self.wait_until_succeeded(job).await;
        assert_eq!(self.result(job).await, self.recount().await);
        assert_eq!(self.wait_for_dead_letter("redriven").await["id"], dead_letter["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_that_failed_five_times_succeeds_after_redrive() {
    let fixture = Fixture::open(5, "2", "10").await;
    // The second page fails.
    let failing = Rule::new(REPORTS, Fault::throttled()).operation("Query").nth(9).times(1_000_000);
    fixture.app.stack().faults().inject(failing);
    let job = fixture.report(json!({})).await;
    let dead = fixture.wait_until_dead_by_failures(&job).await;
    assert_eq!((&dead["attempts"], &dead["maxAttempts"]), (&json!(5), &json!(5)));
    assert_eq!(
        (&dead["lastError"], &dead["progress"]["done"]),
        (&json!("the table did not respond"), &json!(2))
    );
    let dead_letter = fixture.wait_for_dead_letter("dead").await;
    assert_eq!((&dead_letter["reason"], &dead_letter["attempts"]), (&dead["lastError"], &json!(5)));
    fixture.app.stack().faults().clear();
    fixture.redrive(&dead_letter, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn report_whose_worker_is_killed_at_each_attempt_is_dead() {
    let fixture = Fixture::open(3, "2", "10").await;
    let job = fixture.create_dead_by_kills().await;
    let dead = fixture.get_job(&job).await;
    assert_eq!(dead["lastError"], "all delivery attempts failed");
    let dead_letter = fixture.wait_for_dead_letter("dead").await;
    fixture.redrive(&dead_letter, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_report_retried_and_redriven_is_made_once() {
    let fixture = Fixture::open(3, "2", "10").await;
    let job = fixture.create_dead_by_kills().await;
    let dead_letter = fixture.wait_for_dead_letter("dead").await;
    assert_eq!(fixture.post(&fixture.seller, &format!("{job}/retry")).await.status, StatusCode::OK);
    let succeeded = fixture.wait_for_job(&job, "succeeded").await;
    fixture.redrive(&dead_letter, &job).await;
    assert_eq!(fixture.get_job(&job).await, succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn job_of_unknown_type_is_dead_lettered_at_once() {
    let fixture = Fixture::open(1, "250", "10").await;
    let job = fixture.report(json!({})).await;
    let succeeded = fixture.wait_for_job(&job, "succeeded").await;
    fixture.app.send_message("ReportsQueue", &job_requested(&succeeded, "horoscope")).await;
    let dead_letter = fixture.wait_for_dead_letter("dead").await;
    assert_eq!((&dead_letter["reason"], &dead_letter["attempts"]), (&json!("unknown job type"), &json!(1)));
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.get_job(&job).await, succeeded, "a succeeded job stays succeeded");
}
