use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::{CHARGE, Shop, answer, request, serve};
use crate::{DeclineCode, Effect, LostAnswer, Operation, Rule, When, WorkAt};

const CREATE: &str = "/v1/payment_intents";
const SEARCH: &str = "/v1/payment_intents/search?query=metadata%5B%27order_id%27%5D:%27ord_1%27";

fn lose(answer: LostAnswer) -> Rule {
    Rule::on(Operation::Create, Effect::ChargeAndDropResponse { answer })
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection_and_a_charge() {
    let shop = Shop::open();
    shop.sandbox.add_fault_rule(lose(LostAnswer::Close).times(1));
    let url = serve(shop.sandbox.router()).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let attempt = || {
        let (parts, _) = request(&format!("{url}{CREATE}"), CHARGE, Some("k1")).into_parts();
        client.request(Request::from_parts(parts, Full::<Bytes>::from(CHARGE)))
    };
    attempt().await.unwrap_err();
    assert_eq!(shop.sandbox.ledger().captured_total("ord_1"), 1999);

    let replayed = attempt().await.unwrap();
    assert_eq!(replayed.headers()["idempotent-replayed"], "true");
    assert_eq!(shop.sandbox.ledger().captures_of("ord_1").len(), 1);
}

#[tokio::test]
async fn in_one_process_a_lost_answer_is_a_body_that_breaks_off() {
    let shop = Shop::open();
    shop.sandbox.add_fault_rule(lose(LostAnswer::Close));
    let response = shop.call(request(CREATE, CHARGE, None)).await;
    response.into_body().collect().await.unwrap_err();
}

#[tokio::test]
async fn a_500_after_the_charge_is_what_the_key_replays() {
    let shop = Shop::open();
    shop.sandbox.add_fault_rule(lose(LostAnswer::InternalError).times(1));
    assert_eq!(shop.post_with_key(CREATE, CHARGE, "k1").await.status, 500);
    let again = shop.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((again.status, again.is_replayed()), (500, true));
    assert_eq!(again.headers["stripe-should-retry"], "false");
    assert_eq!(shop.get(SEARCH).await.json["data"][0]["status"], "succeeded");
}

#[tokio::test]
async fn a_500_before_anything_is_kept_and_a_429_is_not() {
    let shop = Shop::open();
    shop.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::Fail { status: 500 }).when(When::Nth(1)));
    shop.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::Fail { status: 429 }).when(When::Nth(3)));
    assert_eq!(shop.post_with_key(CREATE, CHARGE, "k1").await.status, 500);
    let again = shop.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((again.status, again.is_replayed()), (500, true));

    let limited = shop.post_with_key(CREATE, CHARGE, "k2").await;
    assert_eq!((limited.status, limited.code()), (429, "rate_limit"));
    assert_eq!(shop.sandbox.ledger().intents.len(), 0);
    assert_eq!(shop.post_with_key(CREATE, CHARGE, "k2").await.status, 200);
}

#[tokio::test]
async fn a_slow_call_works_to_the_end_when_its_caller_has_left() {
    let shop = Shop::open();
    shop.sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Slow { ms: 60_000, work: WorkAt::End }).times(1));
    let caller = tokio::spawn({
        let shop = shop.clone();
        async move { shop.post_with_key(CREATE, CHARGE, "k1").await }
    });
    shop.clock.sleepers(1).await;
    caller.abort();
    assert_eq!(shop.get(SEARCH).await.json["data"], serde_json::json!([]));

    shop.clock.advance(Duration::from_mins(1));
    let deadline = tokio::time::timeout(Duration::from_secs(10), async {
        while shop.sandbox.ledger().captured_total("ord_1") == 0 {
            tokio::task::yield_now().await;
        }
    });
    deadline.await.unwrap();
    assert!(shop.post_with_key(CREATE, CHARGE, "k1").await.is_replayed());
}

#[tokio::test]
async fn a_slow_answer_can_come_after_the_charge() {
    let shop = Shop::open();
    shop.sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Slow { ms: 60_000, work: WorkAt::Start }));
    let caller = tokio::spawn({
        let shop = shop.clone();
        async move { shop.post(CREATE, CHARGE).await }
    });
    shop.clock.sleepers(1).await;
    assert_eq!(shop.sandbox.ledger().captured_total("ord_1"), 1999);
    shop.clock.advance(Duration::from_mins(1));
    assert_eq!(caller.await.unwrap().status, 200);
}

#[tokio::test]
async fn any_card_can_be_told_to_decline() {
    let shop = Shop::open();
    let decline = Effect::Decline { code: DeclineCode::InsufficientFunds };
    shop.sandbox.add_fault_rule(Rule::on(Operation::Any, decline).times(1));
    let declined = shop.post(CREATE, CHARGE).await;
    assert_eq!(declined.json["error"]["decline_code"], "insufficient_funds");
    assert_eq!(shop.post(CREATE, CHARGE).await.status, 200);
}

#[tokio::test]
async fn a_lagging_search_sees_the_past() {
    let shop = Shop::open();
    shop.sandbox.add_fault_rule(Rule::on(Operation::Search, Effect::SearchLag { ms: 60_000 }));
    let open = shop.post(CREATE, "amount=1999&currency=eur&metadata[order_id]=ord_1").await;
    assert_eq!(shop.get(SEARCH).await.json["data"], serde_json::json!([]));
    shop.clock.advance(Duration::from_mins(1));
    let pay = format!("/sandbox/payment_intents/{}/pay", open.json["id"].as_str().unwrap());
    shop.post(&pay, "payment_method=pm_card_visa").await;
    assert_eq!(shop.get(SEARCH).await.json["data"][0]["status"], "requires_payment_method");
    shop.clock.advance(Duration::from_mins(1));
    assert_eq!(shop.get(SEARCH).await.json["data"][0]["status"], "succeeded");
}

#[tokio::test]
async fn rules_are_set_read_and_cleared_over_http() {
    let shop = Shop::open();
    let post = |body: &'static str| Request::post("/sandbox/behaviour").body(Body::from(body)).unwrap();
    let rule = r#"{"operation": "refund", "every": 2, "times": 3, "effect": {"fail": {"status": 503}}}"#;
    let added = answer(shop.call(post(rule)).await).await;
    assert_eq!((added.status, &added.json["rules"][0]["rule"]["every"]), (201, &2.into()));

    let wrong = answer(shop.call(post(r#"{"effect": "webhook_drop", "evry": 2}"#)).await).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json["error"]["message"].as_str().unwrap().contains("`evry`"));

    let id = shop.paid().await;
    let refund = format!("payment_intent={id}&amount=1");
    assert_eq!(shop.post("/v1/refunds", &refund).await.status, 200);
    assert_eq!(shop.post("/v1/refunds", &refund).await.status, 503);
    let rules = shop.get("/sandbox/behaviour").await.json;
    assert_eq!((&rules["rules"][0]["seen"], &rules["rules"][0]["applied"]), (&2.into(), &1.into()));

    let clear = Request::delete("/sandbox/behaviour").body(Body::empty()).unwrap();
    assert_eq!(shop.call(clear).await.status(), 204);
    assert_eq!(shop.get("/sandbox/behaviour").await.json["rules"], serde_json::json!([]));
}
