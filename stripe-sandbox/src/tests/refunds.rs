use super::Fixture;

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
