//! High-priority reports and a backlog of normal ones.

use std::time::Duration;

use local::faults::{Fault, Rule};
use serde_json::json;

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
    let urgent = fixture.report(json!({ "priority": "high" })).await;
    fixture.wait_for_job(&urgent, "succeeded").await;
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
