use super::{CHARGE, Fixture};

#[tokio::test]
async fn refunds_cannot_exceed_the_captured_amount() {
    let fixture = Fixture::new();
    let id = fixture.create_captured_payment().await;
    let part = fixture
        .post("/v1/refunds", &format!("payment_intent={id}&amount=999&reason=requested_by_customer"))
        .await;
    assert_eq!((part.status, &part.json["status"]), (200, &"succeeded".into()));
    let too_much = fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=1001")).await;
    assert_eq!((too_much.status, too_much.code()), (400, "amount_too_large"));
    let rest = fixture.post("/v1/refunds", &format!("payment_intent={id}&metadata[why]=broken")).await;
    assert_eq!(rest.json["amount"], 1000);
    let again = fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=1")).await;
    assert_eq!((again.status, again.code()), (400, "charge_already_refunded"));

    let ledger = fixture.sandbox.ledger();
    assert_eq!(
        (ledger.refunds_of("ord_1").len(), ledger.refunded_total("ord_1"), ledger.net("ord_1")),
        (2, 1999, 0)
    );
}

#[tokio::test]
async fn refunds_are_retrieved_and_listed_by_intent() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.create_captured_payment().await, fixture.create_captured_payment().await);
    let refund = fixture.post("/v1/refunds", &format!("payment_intent={one}&amount=1")).await;
    fixture.post("/v1/refunds", &format!("payment_intent={other}&amount=2")).await;
    let path = format!("/v1/refunds/{}", refund.json["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.json, refund.json);
    let list = fixture.get(&format!("/v1/refunds?payment_intent={one}")).await;
    assert_eq!(list.json["data"], serde_json::json!([refund.json]));
    assert_eq!(fixture.get("/v1/refunds").await.json["data"].as_array().unwrap().len(), 2);
    assert_eq!(fixture.get("/v1/refunds/re_unknown").await.status, 404);
    assert_eq!(fixture.get("/v1/refunds?payment_intent=pi_unknown").await.code(), "resource_missing");
}

#[tokio::test]
async fn refund_without_capture_is_refused() {
    let fixture = Fixture::new();
    let open = fixture.post("/v1/payment_intents", "amount=500&currency=eur").await;
    let form = format!("payment_intent={}", open.json["id"].as_str().unwrap());
    assert_eq!(fixture.post("/v1/refunds", &form).await.status, 400);
    assert_eq!(fixture.post("/v1/refunds", "payment_intent=pi_unknown").await.code(), "resource_missing");
    assert_eq!(fixture.post("/v1/refunds", "amount=1").await.code(), "parameter_missing");
    let id = fixture.create_captured_payment().await;
    for form in ["amount=0", "amount=-5", "reason=whim", "colour=blue"] {
        assert_eq!(
            fixture.post("/v1/refunds", &format!("payment_intent={id}&{form}")).await.status,
            400,
            "{form}"
        );
    }
    assert_eq!(fixture.sandbox.ledger().net("ord_1"), 1999);
}

#[tokio::test]
async fn pending_refund_succeeds_when_settled() {
    let fixture = Fixture::new();
    let charge = CHARGE.replace("visa", "pendingRefund");
    let id = fixture.post("/v1/payment_intents", &charge).await.json["id"].as_str().unwrap().to_owned();
    let refund = fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=999")).await.json;
    assert_eq!((&refund["status"], refund.get("failure_reason")), (&"pending".into(), None));
    assert_eq!(fixture.sandbox.ledger().net("ord_1"), 1000, "a pending refund counts as refunded");
    let settle = format!("/sandbox/refunds/{}/settle", refund["id"].as_str().unwrap());
    assert_eq!(fixture.post(&settle, "").await.json["status"], "succeeded");
    assert_eq!(fixture.sandbox.ledger().net("ord_1"), 1000);
    assert_eq!(fixture.post(&settle, "").await.status, 400, "the status changes once");
    assert_eq!(fixture.post("/sandbox/refunds/re_unknown/settle", "").await.status, 404);
}

#[tokio::test]
async fn failed_refund_can_be_refunded_again() {
    let fixture = Fixture::new();
    let charge = CHARGE.replace("visa", "refundFail");
    let id = fixture.post("/v1/payment_intents", &charge).await.json["id"].as_str().unwrap().to_owned();
    let form = format!("payment_intent={id}");
    let refund = fixture.post_with_key("/v1/refunds", &form, "k1").await.json;
    assert_eq!(refund["status"], "succeeded");
    let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
    fixture.post(&format!("/sandbox/refunds/{}/settle", refund["id"].as_str().unwrap()), "").await;
    let failed = fixture.get(&format!("{path}?expand[]=payment_intent")).await.json;
    assert_eq!(
        (&failed["status"], &failed["failure_reason"]),
        (&"failed".into(), &"expired_or_canceled_card".into())
    );
    assert_eq!(failed["payment_intent"]["metadata"]["order_id"], "ord_1");
    let replayed = fixture.post_with_key("/v1/refunds", &form, "k1").await;
    assert_eq!((replayed.is_replayed(), &replayed.json["status"]), (true, &"succeeded".into()));
    let intent = fixture.get(&format!("/v1/payment_intents/{id}?expand[]=latest_charge")).await.json;
    let charge = &intent["latest_charge"];
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&0.into(), &false.into()));
    assert_eq!(fixture.sandbox.ledger().net("ord_1"), 1999);
    assert_eq!(fixture.post("/v1/refunds", &form).await.json["amount"], 1999);
}

#[tokio::test]
async fn refunds_are_listed_by_time_with_their_intents() {
    let fixture = Fixture::new();
    let id = fixture.create_captured_payment().await;
    fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=1")).await;
    fixture.clock.advance(std::time::Duration::from_secs(10));
    fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=2")).await;
    let path = "/v1/refunds?created[gte]=1700000010&expand[]=data.payment_intent";
    let list = fixture.get(path).await.json;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["amount"]), (1, &2.into()));
    assert_eq!(list["data"][0]["payment_intent"]["metadata"]["order_id"], "ord_1");
}
