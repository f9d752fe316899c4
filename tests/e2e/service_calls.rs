//! Headers of the calls that functions make, as the called service receives them.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method, StatusCode};
use local::faults::{RequestMutation, Service};
use serde_json::json;
use test_support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn gateway_receives_correlation_id_and_name_of_the_caller() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let received = Arc::new(Mutex::new(Vec::<HeaderMap>::new()));
    let recorder = Arc::clone(&received);
    let record = RequestMutation::new("queue-fulfilment", Service::Payments, move |headers, _| {
        recorder.lock().unwrap().push(headers.clone());
    });
    app.stack().faults().add_mutation(record);
    let order =
        json!({ "items": [{ "productId": product, "quantity": 1 }], "paymentMethod": "pm_card_visa" });
    let request = app.request(Method::POST, "/v1/orders").by(&buyer).key("k1").json(&order);
    let placed = request.header("x-correlation-id", "checkout-42").send().await;
    let order = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    app.wait_for_order(&buyer, &order, &["confirmed"]).await;
    let received = received.lock().unwrap();
    assert!(!received.is_empty());
    for headers in received.iter() {
        assert_eq!(
            (&headers["x-correlation-id"], &headers["x-service-call"]),
            (&"checkout-42".parse().unwrap(), &"agora".parse().unwrap())
        );
    }
}
