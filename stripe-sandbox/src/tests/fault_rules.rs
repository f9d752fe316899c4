use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::{CHARGE, Fixture, read_response, request, serve};
use crate::{DeclineCode, DroppedResponse, Effect, Operation, Rule, When, WorkAt};

const CREATE: &str = "/v1/payment_intents";
const SEARCH: &str = "/v1/payment_intents/search?query=metadata%5B%27order_id%27%5D:%27ord_1%27";

fn drop_response(answer: DroppedResponse) -> Rule {
    Rule::on(Operation::Create, Effect::ChargeAndDropResponse { answer })
}

#[tokio::test]
async fn dropped_response_closes_the_connection_after_the_charge() {
    let fixture = Fixture::new();
    fixture.sandbox.add_fault_rule(drop_response(DroppedResponse::Close).times(1));
    let url = serve(fixture.sandbox.router()).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let attempt = || {
        let (parts, _) = request(&format!("{url}{CREATE}"), CHARGE, Some("k1")).into_parts();
        client.request(Request::from_parts(parts, Full::<Bytes>::from(CHARGE)))
    };
    attempt().await.unwrap_err();
    assert_eq!(fixture.sandbox.ledger().captured_total("ord_1"), 1999);

    let replayed = attempt().await.unwrap();
    assert_eq!(replayed.headers()["idempotent-replayed"], "true");
    assert_eq!(fixture.sandbox.ledger().captures_of("ord_1").len(), 1);
}

#[tokio::test]
async fn dropped_response_of_the_router_has_a_failing_body() {
    let fixture = Fixture::new();
    fixture.sandbox.add_fault_rule(drop_response(DroppedResponse::Close));
    let response = fixture.call(request(CREATE, CHARGE, None)).await;
    response.into_body().collect().await.unwrap_err();
}

#[tokio::test]
async fn stored_500_is_replayed_although_the_charge_succeeded() {
    let fixture = Fixture::new();
    fixture.sandbox.add_fault_rule(drop_response(DroppedResponse::InternalError).times(1));
    assert_eq!(fixture.post_with_key(CREATE, CHARGE, "k1").await.status, 500);
    let again = fixture.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((again.status, again.is_replayed()), (500, true));
    assert_eq!(again.headers["stripe-should-retry"], "false");
    assert_eq!(fixture.get(SEARCH).await.json["data"][0]["status"], "succeeded");
}

#[tokio::test]
async fn failure_500_is_stored_under_the_key_but_429_is_not() {
    let fixture = Fixture::new();
    fixture
        .sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Fail { status: 500 }).when(When::Nth(1)));
    fixture
        .sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Fail { status: 429 }).when(When::Nth(3)));
    assert_eq!(fixture.post_with_key(CREATE, CHARGE, "k1").await.status, 500);
    let again = fixture.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((again.status, again.is_replayed()), (500, true));

    let limited = fixture.post_with_key(CREATE, CHARGE, "k2").await;
    assert_eq!((limited.status, limited.code()), (429, "rate_limit"));
    assert_eq!(fixture.sandbox.ledger().intents.len(), 0);
    assert_eq!(fixture.post_with_key(CREATE, CHARGE, "k2").await.status, 200);
}

#[tokio::test]
async fn slow_call_completes_after_its_caller_disconnects() {
    let fixture = Fixture::new();
    fixture
        .sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Slow { ms: 60_000, work: WorkAt::End }).times(1));
    let caller = tokio::spawn({
        let fixture = fixture.clone();
        async move { fixture.post_with_key(CREATE, CHARGE, "k1").await }
    });
    fixture.clock.sleepers(1).await;
    caller.abort();
    assert_eq!(fixture.get(SEARCH).await.json["data"], serde_json::json!([]));

    fixture.clock.advance(Duration::from_mins(1));
    let deadline = tokio::time::timeout(Duration::from_secs(10), async {
        while fixture.sandbox.ledger().captured_total("ord_1") == 0 {
            tokio::task::yield_now().await;
        }
    });
    deadline.await.unwrap();
    assert!(fixture.post_with_key(CREATE, CHARGE, "k1").await.is_replayed());
}

#[tokio::test]
async fn slow_response_can_follow_an_immediate_charge() {
    let fixture = Fixture::new();
    fixture
        .sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Slow { ms: 60_000, work: WorkAt::Start }));
    let caller = tokio::spawn({
        let fixture = fixture.clone();
        async move { fixture.post(CREATE, CHARGE).await }
    });
    fixture.clock.sleepers(1).await;
    assert_eq!(fixture.sandbox.ledger().captured_total("ord_1"), 1999);
    fixture.clock.advance(Duration::from_mins(1));
    assert_eq!(caller.await.unwrap().status, 200);
}

#[tokio::test]
async fn decline_rule_applies_to_any_card() {
    let fixture = Fixture::new();
    let decline = Effect::Decline { code: DeclineCode::InsufficientFunds };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Any, decline).times(1));
    let declined = fixture.post(CREATE, CHARGE).await;
    assert_eq!(declined.json["error"]["decline_code"], "insufficient_funds");
    assert_eq!(fixture.post(CREATE, CHARGE).await.status, 200);
}

#[tokio::test]
async fn lagging_search_returns_earlier_versions() {
    let fixture = Fixture::new();
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Search, Effect::SearchLag { ms: 60_000 }));
    let open = fixture.post(CREATE, "amount=1999&currency=eur&metadata[order_id]=ord_1").await;
    assert_eq!(fixture.get(SEARCH).await.json["data"], serde_json::json!([]));
    fixture.clock.advance(Duration::from_mins(1));
    let pay = format!("/sandbox/payment_intents/{}/pay", open.json["id"].as_str().unwrap());
    fixture.post(&pay, "payment_method=pm_card_visa").await;
    assert_eq!(fixture.get(SEARCH).await.json["data"][0]["status"], "requires_payment_method");
    fixture.clock.advance(Duration::from_mins(1));
    assert_eq!(fixture.get(SEARCH).await.json["data"][0]["status"], "succeeded");
}

#[tokio::test]
async fn rules_are_added_read_and_removed_over_http() {
    let fixture = Fixture::new();
    let post = |body: &'static str| Request::post("/sandbox/behaviour").body(Body::from(body)).unwrap();
    let rule = r#"{"operation": "refund", "every": 2, "times": 3, "effect": {"fail": {"status": 503}}}"#;
    let added = read_response(fixture.call(post(rule)).await).await;
    assert_eq!((added.status, &added.json["rules"][0]["rule"]["every"]), (201, &2.into()));

    let wrong = read_response(fixture.call(post(r#"{"effect": "webhook_drop", "evry": 2}"#)).await).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json["error"]["message"].as_str().unwrap().contains("`evry`"));

    let id = fixture.create_captured_payment().await;
    let refund = format!("payment_intent={id}&amount=1");
    assert_eq!(fixture.post("/v1/refunds", &refund).await.status, 200);
    assert_eq!(fixture.post("/v1/refunds", &refund).await.status, 503);
    let rules = fixture.get("/sandbox/behaviour").await.json;
    assert_eq!((&rules["rules"][0]["seen"], &rules["rules"][0]["applied"]), (&2.into(), &1.into()));

    let clear = Request::delete("/sandbox/behaviour").body(Body::empty()).unwrap();
    assert_eq!(fixture.call(clear).await.status(), 204);
    assert_eq!(fixture.get("/sandbox/behaviour").await.json["rules"], serde_json::json!([]));
}
