//! Reports that are created, scheduled, cancelled and retried.

use std::time::Duration;

use http::StatusCode;
use local::faults::{Fault, Rule};
use serde_json::json;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS, job_requested};

#[tokio::test(flavor = "multi_thread")]
async fn report_over_several_invocations_equals_a_recount() {
    let fixture = Fixture::open(7, "3", "0").await;
    fixture.refund_partly().await;
    let job = fixture.report(json!({})).await;
    let done = fixture.wait_for_job(&job, "succeeded").await;
    let text = fixture.result(&job).await;
    assert_eq!(text, fixture.recount().await);
    assert_eq!(done["progress"], json!({ "done": 7, "total": 7 }));
    assert_eq!(done["result"], json!({ "rows": 7, "bytes": text.len(), "parts": 1 }));
    assert_eq!((&done["attempts"], &done["lastError"]), (&json!(1), &json!(null)));
    fixture.app.wait_until_idle().await;
    let lines = fixture.app.stack().logs().lines(REPORTS);
    let continuations =
        lines.iter().filter(|line| line.contains(r#""outcome":"requeued""#) && !line.contains("_aws"));
    assert_eq!(continuations.count(), 2, "three pages take three invocations");
}

#[tokio::test(flavor = "multi_thread")]
async fn report_message_delivered_ten_times_is_processed_once() {
    let fixture = Fixture::open(7, "2", "0").await;
    let job = fixture.report(json!({})).await;
    let message = job_requested(&fixture.get_job(&job).await, "sales_report");
    futures::future::join_all((0..9).map(|_| fixture.app.send_message("ReportsQueue", &message))).await;
    fixture.wait_for_job(&job, "succeeded").await;
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.result(&job).await, fixture.recount().await);
    assert!(fixture.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_report_is_made_once_despite_repeated_sweeps() {
    let fixture = Fixture::open(2, "250", "10").await;
    let sweep = || async { fixture.app.stack().run_schedule("schedule-sweeper").await.unwrap() };
    let run_at = SystemClock.now().saturating_add(Duration::from_secs(3));
    let job = fixture.report(json!({ "runAt": run_at })).await;
    sweep().await;
    fixture.app.wait_until_idle().await;
    let waiting = fixture.get_job(&job).await;
    assert!(SystemClock.now() >= run_at || waiting["version"] == 1, "{waiting}");
    let released = || async {
        tokio::join!(sweep(), sweep());
        (fixture.get_job(&job).await["status"] == "succeeded").then_some(())
    };
    eventually("the report succeeds", released).await;
    fixture.app.wait_until_idle().await;
    // Queued, started, succeeded.
    assert_eq!(fixture.get_job(&job).await["version"], 4);
    assert_eq!(fixture.result(&job).await, fixture.recount().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_report_stops_at_next_commit_and_can_be_retried() {
    let fixture = Fixture::open(8, "1", "10").await;
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(250))).operation("TransactWriteItems");
    fixture.app.stack().faults().inject(slow.times(1_000));
    let job = fixture.report(json!({})).await;
    let in_progress =
        || async { (fixture.get_job(&job).await["progress"]["done"].as_u64() >= Some(2)).then_some(()) };
    eventually("two rows are written", in_progress).await;
    assert_eq!(fixture.get(&format!("{job}/result")).await.code(StatusCode::CONFLICT), "INVALID_STATE");
    let cancelled = fixture.post(&fixture.seller, &format!("{job}/cancel")).await.data(StatusCode::OK);
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled["progress"]["done"].as_u64() < Some(8), "{cancelled}");
    fixture.app.wait_until_idle().await;
    assert_eq!(fixture.get_job(&job).await, cancelled, "no worker continues it");
    assert_eq!(
        fixture.post(&fixture.seller, &format!("{job}/cancel")).await.code(StatusCode::CONFLICT),
        "INVALID_STATE"
    );
    assert_eq!(fixture.get(&format!("{job}/result")).await.code(StatusCode::CONFLICT), "INVALID_STATE");

    fixture.app.stack().faults().clear();
    let again = fixture.post(&fixture.seller, &format!("{job}/retry")).await.data(StatusCode::OK);
    assert_eq!((&again["status"], &again["progress"]["done"]), (&json!("queued"), &json!(0)));
    fixture.wait_for_job(&job, "succeeded").await;
    assert_eq!(fixture.result(&job).await, fixture.recount().await);
    assert_eq!(
        fixture.post(&fixture.seller, &format!("{job}/retry")).await.code(StatusCode::CONFLICT),
        "INVALID_STATE"
    );
}
