//! Reports whose attempts all fail.

use http::StatusCode;
use local::faults::{Fault, Rule};
use serde_json::{Value, json};
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS, job_requested};

impl Fixture {
    /// The only letter, once there is one that says so.
    async fn letter(&self, status: &str) -> Value {
        let look = || async {
            let mut letters = self.letters().await;
            assert!(letters.len() <= 1, "{letters:?}");
            letters.pop().filter(|letter| letter["status"] == status)
        };
        eventually(&format!("a letter is {status}"), look).await
    }

    /// Has the letter redriven, after which the report is made.
    async fn redrive(&self, letter: &Value, job: &str) {
        let path = format!("/v1/dead-letters/{}/redrive", letter["id"].as_str().unwrap());
        let redriven = self.post(&self.admin, &path).await.data(StatusCode::OK);
        assert_eq!(redriven["status"], "redriven");
        self.made(job).await;
        assert_eq!(self.result(job).await, self.recount().await);
        assert_eq!(self.letter("redriven").await["id"], letter["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_fails_five_times_is_dead_with_its_reason_and_is_made_once_it_is_redriven() {
    let desk = Fixture::open(5, "2", "10").await;
    // The second page cannot be read.
    let failing = Rule::new(REPORTS, Fault::throttled()).operation("Query").nth(9).times(1_000_000);
    desk.shop.stack().faults().inject(failing);
    let job = desk.report(json!({})).await;
    let dead = desk.dead_of_failures(&job).await;
    assert_eq!((&dead["attempts"], &dead["maxAttempts"]), (&json!(5), &json!(5)));
    assert_eq!(
        (&dead["lastError"], &dead["progress"]["done"]),
        (&json!("the table did not answer"), &json!(2))
    );
    let letter = desk.letter("dead").await;
    assert_eq!((&letter["reason"], &letter["attempts"]), (&dead["lastError"], &json!(5)));
    desk.shop.stack().faults().clear();
    desk.redrive(&letter, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_whose_maker_is_killed_at_every_attempt_is_dead_all_the_same() {
    let desk = Fixture::open(3, "2", "10").await;
    let job = desk.dead_of_kills().await;
    let dead = desk.look(&job).await;
    assert_eq!(dead["lastError"], "none of the attempts that its queue allows succeeded");
    let letter = desk.letter("dead").await;
    desk.redrive(&letter, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_report_that_is_retried_is_made_once_though_its_message_is_redriven_as_well() {
    let desk = Fixture::open(3, "2", "10").await;
    let job = desk.dead_of_kills().await;
    let letter = desk.letter("dead").await;
    assert_eq!(desk.post(&desk.seller, &format!("{job}/retry")).await.status, StatusCode::OK);
    let made = desk.job_is(&job, "succeeded").await;
    desk.redrive(&letter, &job).await;
    assert_eq!(desk.look(&job).await, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_a_kind_that_nobody_knows_is_a_dead_letter_at_once() {
    let desk = Fixture::open(1, "250", "10").await;
    let job = desk.report(json!({})).await;
    let made = desk.job_is(&job, "succeeded").await;
    desk.shop.send_message("ReportsQueue", &job_requested(&made, "horoscope")).await;
    let letter = desk.letter("dead").await;
    assert_eq!((&letter["reason"], &letter["attempts"]), (&json!("there is no such kind of job"), &json!(1)));
    desk.shop.wait_until_idle().await;
    assert_eq!(desk.look(&job).await, made, "what has succeeded is not dead");
}
