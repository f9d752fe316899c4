//! A bug planted on purpose: the guard of the version is taken away, and what it is for must be noticed.

use std::time::Duration;

use http::StatusCode;
use local::faults::{Fault, RequestMutation, Rule, Service};
use serde_json::json;
use test_support::app::eventually;

use crate::jobs::fixture::{Fixture, REPORTS};

#[tokio::test(flavor = "multi_thread")]
async fn a_report_written_without_regard_to_its_version_is_noticed_when_it_is_called_off() {
    let desk = Fixture::open(6, "1", "10").await;
    desk.shop.stack().faults().add_mutation(RequestMutation::new(REPORTS, Service::DynamoDb, |_, body| {
        let items = body.get_mut("TransactItems").and_then(|items| items.as_array_mut());
        for item in items.into_iter().flatten().filter(|item| item["Put"]["Item"]["kind"]["S"] == "job") {
            for part in ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"] {
                item["Put"].as_object_mut().map(|put| put.remove(part));
            }
        }
    }));
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(250))).operation("TransactWriteItems");
    desk.shop.stack().faults().inject(slow.times(1_000));
    let job = desk.report(json!({})).await;
    let under_way =
        || async { (desk.look(&job).await["progress"]["done"].as_u64() >= Some(1)).then_some(()) };
    eventually("a row is written", under_way).await;
    assert_eq!(desk.post(&desk.seller, &format!("{job}/cancel")).await.status, StatusCode::OK);
    desk.shop.wait_until_idle().await;
    let ended = desk.look(&job).await["status"].clone();
    println!("planted: a report written without regard to its version: called off, and {ended}");
    assert_eq!(ended, "succeeded");
}
