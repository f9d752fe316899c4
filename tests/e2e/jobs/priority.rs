//! Urgent reports and the backlog of normal ones.

use std::time::Duration;

use local::faults::{Fault, Rule};
use serde_json::json;

use crate::jobs::fixture::{Fixture, REPORTS};

/// How many normal reports there are.
const BACKLOG: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_report_does_not_wait_for_a_backlog_of_normal_ones() {
    let desk = Fixture::open(1, "250", "10").await;
    // Each call takes its time, so that the backlog lasts: two are made at once.
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(150)));
    desk.shop.stack().faults().inject(slow.times(100_000));
    let mut normal = Vec::new();
    for _ in 0..BACKLOG {
        normal.push(desk.report(json!({})).await);
    }
    let urgent = desk.report(json!({ "priority": "high" })).await;
    desk.job_is(&urgent, "succeeded").await;
    let mut made = 0;
    for job in &normal {
        made += usize::from(desk.look(job).await["status"] == "succeeded");
    }
    assert!(made <= BACKLOG / 2, "{made} of {BACKLOG} came first");
    desk.shop.stack().faults().clear();
    for job in &normal {
        desk.job_is(job, "succeeded").await;
    }
}
