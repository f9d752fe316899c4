//! Reports that are asked for, watched, put off and called off.

use std::time::Duration;

use http::StatusCode;
use local::faults::{Fault, Rule};
use serde_json::json;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS, job_requested};

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_exactly_what_a_recount_says_over_several_invocations() {
    let desk = Fixture::open(7, "3", "0").await;
    desk.refund_some().await;
    let job = desk.report(json!({})).await;
    let done = desk.job_is(&job, "succeeded").await;
    let text = desk.result(&job).await;
    assert_eq!(text, desk.recount().await);
    assert_eq!(done["progress"], json!({ "done": 7, "total": 7 }));
    assert_eq!(done["result"], json!({ "rows": 7, "bytes": text.len(), "parts": 1 }));
    assert_eq!((&done["attempts"], &done["lastError"]), (&json!(1), &json!(null)));
    desk.shop.wait_until_idle().await;
    let lines = desk.shop.stack().logs().lines(REPORTS);
    let postponed =
        lines.iter().filter(|line| line.contains(r#""outcome":"postponed""#) && !line.contains("_aws"));
    assert_eq!(postponed.count(), 2, "three pages are three stretches");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_whose_message_comes_ten_times_at_once_is_made_once() {
    let desk = Fixture::open(7, "2", "0").await;
    let job = desk.report(json!({})).await;
    let message = job_requested(&desk.look(&job).await, "sales_report");
    futures::future::join_all((0..9).map(|_| desk.shop.send_message("ReportsQueue", &message))).await;
    desk.job_is(&job, "succeeded").await;
    desk.shop.wait_until_idle().await;
    assert_eq!(desk.result(&job).await, desk.recount().await);
    assert!(desk.letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_for_later_waits_for_its_time_and_is_made_once_however_often_the_clock_ticks() {
    let desk = Fixture::open(2, "250", "10").await;
    let tick = || async { desk.shop.stack().run_schedule("schedule-sweeper").await.unwrap() };
    let at = SystemClock.now().saturating_add(Duration::from_secs(3));
    let job = desk.report(json!({ "runAt": at })).await;
    tick().await;
    desk.shop.wait_until_idle().await;
    let waiting = desk.look(&job).await;
    assert!(SystemClock.now() >= at || waiting["version"] == 1, "{waiting}");
    let released = || async {
        tokio::join!(tick(), tick());
        (desk.look(&job).await["status"] == "succeeded").then_some(())
    };
    eventually("the report is made", released).await;
    desk.shop.wait_until_idle().await;
    // Released, started, succeeded.
    assert_eq!(desk.look(&job).await["version"], 4);
    assert_eq!(desk.result(&job).await, desk.recount().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_called_off_stops_at_its_next_commit_and_can_be_made_anew() {
    let desk = Fixture::open(8, "1", "10").await;
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(250))).operation("TransactWriteItems");
    desk.shop.stack().faults().inject(slow.times(1_000));
    let job = desk.report(json!({})).await;
    let under_way =
        || async { (desk.look(&job).await["progress"]["done"].as_u64() >= Some(2)).then_some(()) };
    eventually("two rows are written", under_way).await;
    assert_eq!(desk.get(&format!("{job}/result")).await.code(StatusCode::CONFLICT), "INVALID_STATE");
    let cancelled = desk.post(&desk.seller, &format!("{job}/cancel")).await.data(StatusCode::OK);
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled["progress"]["done"].as_u64() < Some(8), "{cancelled}");
    desk.shop.wait_until_idle().await;
    assert_eq!(desk.look(&job).await, cancelled, "nobody goes on with it");
    assert_eq!(
        desk.post(&desk.seller, &format!("{job}/cancel")).await.code(StatusCode::CONFLICT),
        "INVALID_STATE"
    );
    assert_eq!(desk.get(&format!("{job}/result")).await.code(StatusCode::CONFLICT), "INVALID_STATE");

    desk.shop.stack().faults().clear();
    let again = desk.post(&desk.seller, &format!("{job}/retry")).await.data(StatusCode::OK);
    assert_eq!((&again["status"], &again["progress"]["done"]), (&json!("queued"), &json!(0)));
    desk.job_is(&job, "succeeded").await;
    assert_eq!(desk.result(&job).await, desk.recount().await);
    assert_eq!(
        desk.post(&desk.seller, &format!("{job}/retry")).await.code(StatusCode::CONFLICT),
        "INVALID_STATE"
    );
}
