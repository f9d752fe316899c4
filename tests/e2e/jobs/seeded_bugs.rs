//! A seeded bug: reports are written without a version check.

use std::time::Duration;

use http::StatusCode;
use local::faults::{Fault, RequestMutation, Rule, Service};
use serde_json::json;
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS};

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_report_written_without_version_check_is_detected() {
    let fixture = Fixture::open(6, "1", "10").await;
    fixture.app.stack().faults().add_mutation(RequestMutation::new(REPORTS, Service::DynamoDb, |_, body| {
        let items = body.get_mut("TransactItems").and_then(|items| items.as_array_mut());
        for item in items.into_iter().flatten().filter(|item| item["Put"]["Item"]["kind"]["S"] == "job") {
            for part in ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"] {
                item["Put"].as_object_mut().map(|put| put.remove(part));
            }
        }
    }));
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(250))).operation("TransactWriteItems");
    fixture.app.stack().faults().inject(slow.times(1_000));
    let job = fixture.report(json!({})).await;
    let in_progress =
        || async { (fixture.get_job(&job).await["progress"]["done"].as_u64() >= Some(1)).then_some(()) };
    eventually("a row is written", in_progress).await;
    assert_eq!(fixture.post(&fixture.seller, &format!("{job}/cancel")).await.status, StatusCode::OK);
    fixture.app.wait_until_idle().await;
    let status = fixture.get_job(&job).await["status"].clone();
    println!("seeded bug, a report without version check: cancelled, and then {status}");
    assert_eq!(status, "succeeded");
}
