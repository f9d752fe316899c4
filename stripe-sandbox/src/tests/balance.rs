//! Balance transactions and the balance.

use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use serde_json::{Value, json};

use super::{CHARGE, Fixture, read_response};
use crate::Terms;

const LIST: &str = "/v1/balance_transactions";

const FREE: Terms = Terms {
    charge_fee_basis_points: 0,
    charge_fee_fixed: 0,
    dispute_fee: 0,
    dispute_fee_returned: false,
    charges_pending_seconds: 0,
};

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|object| object["id"].as_str().unwrap()).collect()
}

/// Available and pending amount in EUR.
pub(super) async fn balance(fixture: &Fixture) -> (i64, i64) {
    let balance = fixture.get("/v1/balance").await.json;
    let amount = |part: &str| balance[part][0]["amount"].as_i64().unwrap();
    (amount("available"), amount("pending"))
}

#[tokio::test]
async fn captured_charge_is_pending_and_then_available() {
    let fixture = Fixture::new();
    let intent = fixture.create_captured_payment().await;
    let path = format!("/v1/payment_intents/{intent}?expand[]=latest_charge");
    let charge = fixture.get(&path).await.json["latest_charge"].clone();
    let path = format!("{LIST}/{}", charge["balance_transaction"].as_str().unwrap());
    let transaction = fixture.get(&path).await.json;
    for (member, value) in [
        ("object", json!("balance_transaction")),
        ("type", json!("charge")),
        ("reporting_category", json!("charge")),
        ("amount", json!(1_999)),
        ("fee", json!(55)),
        ("net", json!(1_944)),
        ("currency", json!("eur")),
        ("source", charge["id"].clone()),
        ("status", json!("pending")),
        ("created", json!(1_700_000_000)),
        ("available_on", json!(1_700_172_800)),
    ] {
        assert_eq!(transaction[member], value, "{member}");
    }
    assert_eq!(transaction["fee_details"][0]["amount"], 55);
    assert_eq!(balance(&fixture).await, (0, 1_944));
    fixture.clock.advance(Duration::from_hours(48));
    assert_eq!(fixture.get(&path).await.json["status"], "available");
    assert_eq!(balance(&fixture).await, (1_944, 0));
}

#[tokio::test]
async fn refund_reduces_the_available_balance_below_zero() {
    let fixture = Fixture::new();
    assert_eq!(balance(&fixture).await, (0, 0));
    let intent = fixture.create_captured_payment().await;
    let refund = fixture.post("/v1/refunds", &format!("payment_intent={intent}&amount=999")).await.json;
    assert_eq!(balance(&fixture).await, (-999, 1_944));
    let listed = fixture.get(&format!("{LIST}?type=refund&expand[]=data.source")).await.json;
    assert_eq!(ids(&listed), [refund["balance_transaction"].as_str().unwrap()]);
    let transaction = &listed["data"][0];
    assert_eq!((&transaction["amount"], &transaction["fee"]), (&json!(-999), &json!(0)));
    assert_eq!(transaction["source"], refund, "the source is expanded");
    assert_eq!(transaction["status"], "available");
}

#[tokio::test]
async fn failed_refund_returns_its_amount() {
    let fixture = Fixture::new();
    fixture.sandbox.set_terms(FREE);
    let charge = CHARGE.replace("visa", "refundFail");
    let intent = fixture.post("/v1/payment_intents", &charge).await.json;
    let form = format!("payment_intent={}", intent["id"].as_str().unwrap());
    let refund = fixture.post("/v1/refunds", &form).await.json;
    assert_eq!(balance(&fixture).await, (0, 0));
    let id = refund["id"].as_str().unwrap();
    let failed = fixture.post(&format!("/sandbox/refunds/{id}/settle"), "").await.json;
    assert_eq!(balance(&fixture).await, (1_999, 0));
    let of_refund = fixture.get(&format!("{LIST}?source={id}")).await.json;
    let expected = ["failure_balance_transaction", "balance_transaction"];
    assert_eq!(ids(&of_refund), expected.map(|member| failed[member].as_str().unwrap()));
    let returned = &of_refund["data"][0];
    assert_eq!((&returned["type"], &returned["amount"]), (&json!("refund_failure"), &json!(1_999)));
}

#[tokio::test]
async fn declined_charge_changes_no_balance() {
    let fixture = Fixture::new();
    fixture.post("/v1/payment_intents", &CHARGE.replace("visa", "chargeDeclined")).await;
    assert_eq!(fixture.get(LIST).await.json["data"], json!([]));
    assert!(fixture.get("/v1/charges").await.json["data"][0]["balance_transaction"].is_null());
}

#[tokio::test]
async fn bypassing_card_makes_funds_available_at_once() {
    let fixture = Fixture::new();
    fixture.post("/v1/payment_intents", &CHARGE.replace("visa", "bypassPending")).await;
    assert_eq!(balance(&fixture).await, (1_944, 0));
}

#[tokio::test]
async fn page_before_a_cursor_has_the_next_newer_ones() {
    let fixture = Fixture::new();
    for _ in 0..5 {
        fixture.create_captured_payment().await;
        fixture.clock.advance(Duration::from_secs(10));
    }
    let all = fixture.get(LIST).await.json;
    let all = ids(&all);
    let (newest, oldest) = (all[0], all[4]);
    let page = fixture.get(&format!("{LIST}?limit=2&ending_before={oldest}")).await.json;
    assert_eq!((ids(&page), &page["has_more"]), (vec![all[2], all[3]], &json!(true)));
    let page = fixture.get(&format!("{LIST}?limit=2&ending_before={}", all[2])).await.json;
    assert_eq!((ids(&page), &page["has_more"]), (vec![all[0], all[1]], &json!(false)));
    let page = fixture.get(&format!("{LIST}?limit=2&ending_before={newest}")).await.json;
    assert_eq!((ids(&page), &page["has_more"]), (vec![], &json!(false)));
    let page = fixture.get(&format!("{LIST}?limit=2&starting_after={newest}")).await.json;
    assert_eq!((ids(&page), &page["has_more"]), (vec![all[1], all[2]], &json!(true)));
    let page = fixture.get(&format!("{LIST}?created[gt]=1700000010&created[lte]=1700000030")).await.json;
    assert_eq!(ids(&page), [all[1], all[2]]);
    for query in
        ["limit=0", "limit=101", "type=gift", "starting_after=a&ending_before=b", "payout=po_1", "colour=red"]
    {
        assert_eq!(fixture.get(&format!("{LIST}?{query}")).await.status, 400, "{query}");
    }
    assert_eq!(fixture.get(&format!("{LIST}?ending_before=txn_x")).await.code(), "resource_missing");
    assert_eq!(fixture.get(&format!("{LIST}/txn_x")).await.status, 404);
}

#[tokio::test]
async fn fees_and_delay_are_set_over_http() {
    let fixture = Fixture::new();
    let put = |body: &'static str| Request::put("/sandbox/terms").body(Body::from(body)).unwrap();
    let set = fixture.call(put(r#"{"charge_fee_basis_points": 0, "charges_pending_seconds": 0}"#)).await;
    let set = read_response(set).await;
    assert_eq!((set.status, &set.json["charge_fee_fixed"]), (200, &json!(25)), "others have their default");
    fixture.create_captured_payment().await;
    assert_eq!(balance(&fixture).await, (1_974, 0));
    let wrong = read_response(fixture.call(put(r#"{"chargefee": 0}"#)).await).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(fixture.get("/sandbox/terms").await.json["dispute_fee"], 2_000);
}
