//! High-priority reports and a backlog of normal ones.

use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::json;
use shared::domain::user::Role;
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS};

/// Number of normal reports.
const BACKLOG: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn urgent_report_does_not_wait_for_a_normal_backlog() {
    let fixture = Fixture::open(1, "250", "10").await;
    // Calls are delayed, so that the backlog lasts. Two reports run concurrently.
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(150)));
    fixture.app.stack().faults().inject(slow.times(100_000));
    let mut normal = Vec::new();
    for _ in 0..BACKLOG {
        normal.push(fixture.report(json!({})).await);
    }
    let moderator = fixture.app.user_with_role("moderator", Role::Moderator).await;
    let body =
        json!({ "type": "sales_report", "params": { "marketId": fixture.market }, "priority": "high" });
    let request = fixture.app.request(Method::POST, "/v1/jobs").by(&moderator).key("urgent").json(&body);
    let created = request.send().await;
    assert_eq!(created.status, StatusCode::ACCEPTED, "{}", created.text);
    let urgent = created.headers["location"].to_str().unwrap();
    let succeeded = || async {
        let job = fixture.app.request(Method::GET, urgent).by(&moderator).send().await.data(StatusCode::OK);
        (job["status"] == "succeeded").then_some(())
    };
    eventually("the urgent report succeeds", succeeded).await;
    let mut done = 0;
    for job in &normal {
        done += usize::from(fixture.get_job(job).await["status"] == "succeeded");
    }
    assert!(done <= BACKLOG / 2, "{done} of {BACKLOG} normal reports were done before");
    fixture.app.stack().faults().clear();
    for job in &normal {
        fixture.wait_for_job(job, "succeeded").await;
    }
}
