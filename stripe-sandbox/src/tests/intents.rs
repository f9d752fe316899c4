use std::time::Duration;

use axum::body::Body;
use hyper::Request;

use super::{CHARGE, Fixture, read_response};

#[tokio::test]
async fn valid_card_is_charged_immediately() {
    let fixture = Fixture::new();
    let paid = fixture.post("/v1/payment_intents", CHARGE).await;
    assert_eq!(paid.status, 200);
    assert!(paid.headers.contains_key("request-id"));
    assert_eq!(paid.json["object"], "payment_intent");
    assert_eq!(paid.json["amount_received"], 1999);
    assert_eq!(paid.json["metadata"]["order_id"], "ord_1");
    assert!(paid.json["latest_charge"].as_str().unwrap().starts_with("ch_"));

    let path = format!("/v1/payment_intents/{}", paid.json["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.json, paid.json);
    let expanded = fixture.get(&format!("{path}?expand[]=latest_charge")).await;
    assert_eq!(expanded.json["latest_charge"]["amount_captured"], 1999);

    let ledger = fixture.sandbox.ledger();
    assert_eq!((ledger.captured_total("ord_1"), ledger.net("ord_1")), (1999, 1999));
    assert_eq!(ledger.captures_of("ord_1").len(), 1);
    assert!(ledger.orders().contains("ord_1"));
}

#[tokio::test]
async fn decline_responds_with_402_and_the_intent() {
    let fixture = Fixture::new();
    for (method, code, decline_code) in [
        ("pm_card_chargeDeclined", "card_declined", Some("generic_decline")),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", Some("insufficient_funds")),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ] {
        let declined = fixture.post("/v1/payment_intents", &CHARGE.replace("pm_card_visa", method)).await;
        let error = &declined.json["error"];
        assert_eq!((declined.status, declined.code()), (402, code), "{method}");
        assert_eq!(error["decline_code"].as_str(), decline_code);
        assert_eq!(error["type"], "card_error");
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(error["payment_intent"]["last_payment_error"]["code"], code);
    }
    assert_eq!(fixture.sandbox.ledger().captured_total("ord_1"), 0);
}

#[tokio::test]
async fn another_card_can_pay_after_a_decline() {
    let fixture = Fixture::new();
    let declined = fixture.post("/v1/payment_intents", &CHARGE.replace("visa", "chargeDeclined")).await;
    let id = declined.json["error"]["payment_intent"]["id"].as_str().unwrap();
    let confirm = format!("/v1/payment_intents/{id}/confirm");
    assert_eq!(fixture.post(&confirm, "").await.code(), "payment_intent_unexpected_state");
    let paid = fixture.post(&confirm, "payment_method=pm_card_mastercard").await;
    assert_eq!(paid.json["status"], "succeeded");
    assert!(paid.json["last_payment_error"].is_null());
    assert_eq!(fixture.post(&confirm, "").await.code(), "payment_intent_unexpected_state");
    assert_eq!(fixture.sandbox.ledger().intents[0].charges.len(), 2);
}

#[tokio::test]
async fn customer_can_pay_an_open_intent_later() {
    let fixture = Fixture::new();
    let open = fixture.post("/v1/payment_intents", "amount=500&currency=EUR&metadata[order_id]=ord_2").await;
    assert_eq!(
        (&open.json["status"], &open.json["currency"]),
        (&"requires_payment_method".into(), &"eur".into())
    );
    let path = format!("/sandbox/payment_intents/{}/pay", open.json["id"].as_str().unwrap());
    let json = Request::post(&path).header("content-type", "application/json");
    let json = json.body(Body::from(r#"{"payment_method": "pm_card_chargeDeclined"}"#)).unwrap();
    assert_eq!(read_response(fixture.call(json).await).await.status, 402);
    assert_eq!(fixture.post(&path, "payment_method=pm_card_visa").await.json["status"], "succeeded");
    assert_eq!(fixture.sandbox.ledger().captured_total("ord_2"), 500);
}

#[tokio::test]
async fn authentication_requires_action_by_the_customer() {
    let fixture = Fixture::new();
    let form = CHARGE.replace("visa", "authenticationRequired");
    let waiting = fixture.post("/v1/payment_intents", &format!("{form}&return_url=https://shop.test")).await;
    assert_eq!(waiting.json["status"], "requires_action");
    assert_eq!(waiting.json["next_action"]["type"], "redirect_to_url");
    let path = format!("/sandbox/payment_intents/{}/pay", waiting.json["id"].as_str().unwrap());
    assert_eq!(fixture.post(&path, "").await.json["status"], "succeeded");

    let off_session = fixture.post("/v1/payment_intents", &format!("{form}&off_session=true")).await;
    assert_eq!((off_session.status, off_session.code()), (402, "authentication_required"));
    assert_eq!(off_session.json["error"]["payment_intent"]["status"], "requires_payment_method");
}

#[tokio::test]
async fn failed_authentication_leaves_the_intent_to_another_card() {
    let fixture = Fixture::new();
    let form = CHARGE.replace("visa", "authenticationRequired") + "&use_stripe_sdk=true";
    let waiting = fixture.post("/v1/payment_intents", &form).await;
    assert_eq!((waiting.status, &waiting.json["status"]), (200, &"requires_action".into()));
    assert_eq!(waiting.json["next_action"]["type"], "use_stripe_sdk");
    assert!(waiting.json["latest_charge"].is_null(), "nothing is charged before the authentication");
    let id = waiting.json["id"].as_str().unwrap();
    let pay = format!("/sandbox/payment_intents/{id}/pay");
    let failed = fixture.post(&pay, "authentication=fail").await;
    assert_eq!((failed.status, failed.code()), (402, "payment_intent_authentication_failure"));
    let shown = fixture.get(&format!("/v1/payment_intents/{id}")).await;
    assert_eq!(shown.json["status"], "requires_payment_method");
    assert_eq!(shown.json["last_payment_error"]["code"], "payment_intent_authentication_failure");
    assert_eq!(fixture.post(&pay, "authentication=fail").await.code(), "payment_intent_unexpected_state");
    let paid = fixture.post(&pay, "payment_method=pm_card_visa").await;
    assert_eq!(paid.json["status"], "succeeded");
    assert!(paid.json["last_payment_error"].is_null());
}

#[tokio::test]
async fn confirmation_without_return_url_may_not_redirect() {
    let fixture = Fixture::new();
    let base = "amount=1999&currency=eur&payment_method=pm_card_visa&confirm=true";
    for (options, status) in [
        ("", 400),
        ("&automatic_payment_methods[enabled]=true", 400),
        ("&use_stripe_sdk=true", 400),
        ("&return_url=https://shop.test", 200),
        ("&payment_method_types[]=card", 200),
        ("&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never", 200),
        ("&automatic_payment_methods[enabled]=true&payment_method_types[]=card", 400),
    ] {
        let response = fixture.post("/v1/payment_intents", &format!("{base}{options}")).await;
        assert_eq!(response.status, status, "{options}");
    }
    let open = fixture.post("/v1/payment_intents", "amount=500&currency=eur").await;
    let confirm = format!("/v1/payment_intents/{}/confirm", open.json["id"].as_str().unwrap());
    assert_eq!(fixture.post(&confirm, "payment_method=pm_card_visa").await.status, 400);
}

#[tokio::test]
async fn charges_are_listed_by_transfer_group() {
    let fixture = Fixture::new();
    for group in ["ord_1", "ord_2"] {
        let declined = CHARGE.replace("pm_card_visa", "pm_card_chargeDeclined");
        fixture.post("/v1/payment_intents", &format!("{declined}&transfer_group={group}")).await;
        fixture.clock.advance(Duration::from_secs(1));
        fixture.post("/v1/payment_intents", &format!("{CHARGE}&transfer_group={group}")).await;
    }
    let listed = fixture.get("/v1/charges?transfer_group=ord_1").await;
    let charges: Vec<_> = listed.json["data"].as_array().unwrap().iter().collect();
    let status = |charge: &serde_json::Value| charge["status"].as_str().unwrap().to_owned();
    assert_eq!(charges.iter().map(|charge| status(charge)).collect::<Vec<_>>(), ["succeeded", "failed"]);
    assert!(charges.iter().all(|charge| charge["transfer_group"] == "ord_1"));
    assert_eq!(charges[1]["outcome"]["reason"], "generic_decline");
    let first = fixture.get("/v1/charges?transfer_group=ord_1&limit=1").await;
    assert_eq!(
        (&first.json["has_more"], first.json["data"][0]["id"].clone()),
        (&true.into(), charges[0]["id"].clone())
    );
}

#[tokio::test]
async fn another_api_version_is_refused() {
    let fixture = Fixture::new();
    for (version, status) in [("2024-06-20", 200), ("2010-01-01", 400)] {
        let request = Request::get("/v1/payment_intents")
            .header("authorization", format!("Bearer {}", super::KEY))
            .header("stripe-version", version);
        let response = read_response(fixture.call(request.body(Body::empty()).unwrap()).await).await;
        assert_eq!(response.status, status, "{version}");
    }
}

#[tokio::test]
async fn cancelled_intent_cannot_be_paid_or_cancelled_again() {
    let fixture = Fixture::new();
    let open = fixture.post("/v1/payment_intents", "amount=500&currency=eur").await;
    let id = open.json["id"].as_str().unwrap();
    let cancel = format!("/v1/payment_intents/{id}/cancel");
    let canceled = fixture.post(&cancel, "cancellation_reason=abandoned").await;
    assert_eq!(canceled.json["status"], "canceled");
    assert_eq!(canceled.json["cancellation_reason"], "abandoned");
    assert_eq!(fixture.post(&cancel, "").await.code(), "payment_intent_unexpected_state");
    let pay = format!("/sandbox/payment_intents/{id}/pay");
    assert_eq!(
        fixture.post(&pay, "payment_method=pm_card_visa").await.code(),
        "payment_intent_unexpected_state"
    );
}

#[tokio::test]
async fn search_finds_intents_by_order_and_status() {
    let fixture = Fixture::new();
    let id = fixture.create_captured_payment().await;
    fixture.post("/v1/payment_intents", &CHARGE.replace("ord_1", "ord_2")).await;
    let query = "/v1/payment_intents/search?query=metadata%5B%27order_id%27%5D%3A%27ord_1%27";
    let found = fixture.get(query).await;
    assert_eq!(found.json["object"], "search_result");
    assert_eq!(found.json["data"].as_array().unwrap().len(), 1);
    assert_eq!(found.json["data"][0]["id"], id.as_str());
    let both = fixture.get(&format!("{query}+AND+status%3A%27canceled%27")).await;
    assert_eq!(both.json["data"], serde_json::json!([]));
    let paged = fixture.get("/v1/payment_intents/search?query=status:%27succeeded%27&limit=1").await;
    let next = paged.json["next_page"].as_str().unwrap();
    let rest =
        fixture.get(&format!("/v1/payment_intents/search?query=status:%27succeeded%27&page={next}")).await;
    assert_eq!(rest.json["data"][0]["id"], id.as_str());
    assert_eq!(rest.json["has_more"], false);
}

#[tokio::test]
async fn lists_are_newest_first_and_paginated() {
    let fixture = Fixture::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(fixture.create_captured_payment().await);
    }
    let first = fixture.get("/v1/payment_intents?limit=2").await;
    assert_eq!(
        (&first.json["data"][0]["id"], &first.json["has_more"]),
        (&ids[2].clone().into(), &true.into())
    );
    let rest = fixture.get(&format!("/v1/payment_intents?limit=2&starting_after={}", ids[1])).await;
    assert_eq!(
        (&rest.json["data"][0]["id"], &rest.json["has_more"]),
        (&ids[0].clone().into(), &false.into())
    );
    let later = fixture.get("/v1/payment_intents?created[gt]=1700000000").await;
    assert_eq!(later.json["data"], serde_json::json!([]));
    assert_eq!(fixture.get("/v1/payment_intents?limit=0").await.status, 400);
    assert_eq!(fixture.get("/v1/payment_intents?starting_after=pi_x").await.code(), "resource_missing");
}

#[tokio::test]
async fn wrong_key_path_id_and_content_type_are_refused() {
    let fixture = Fixture::new();
    let wrong_key = Request::get("/v1/payment_intents").header("authorization", "Bearer sk_test_other");
    assert_eq!(read_response(fixture.call(wrong_key.body(Body::empty()).unwrap()).await).await.status, 401);
    assert_eq!(fixture.get("/v1/customers").await.status, 404);
    assert_eq!(fixture.get("/v1/payment_intents/pi_unknown").await.code(), "resource_missing");
    let json = Request::post("/v1/refunds").header("authorization", format!("Bearer {}", super::KEY));
    let json = json.header("content-type", "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(read_response(fixture.call(json).await).await.status, 400);
}

#[tokio::test]
async fn page_escapes_metadata_and_begins_with_time_and_status() {
    let fixture = Fixture::new();
    fixture.post("/v1/payment_intents", &CHARGE.replace("ord_1", "%3Cscript%3E")).await;
    let response = fixture.call(Request::get("/sandbox").body(Body::empty()).unwrap()).await;
    let page = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    assert!(page.contains("<td>11-14 22:13:20<td>succeeded<td>1999 eur"), "{page}");
    assert_eq!(
        fixture.get("/sandbox/ledger").await.json["intents"][0]["charges"][0]["amount_captured"],
        1999
    );
}
