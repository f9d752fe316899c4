//! Concurrent requests with the same idempotency key.

use std::collections::BTreeSet;

use http::StatusCode;
use test_support::TestApp;
use test_support::audit::MoneyAndStock;

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_with_one_key_create_one_order() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    let requests = (0..20).map(|_| app.order(&buyer, "the-key", &product, 1, Some("pm_card_visa")));
    let responses = futures::future::join_all(requests).await;
    assert!(responses.iter().all(|response| response.status == StatusCode::CREATED), "{responses:?}");
    let bodies: BTreeSet<&str> = responses.iter().map(|response| response.text.as_str()).collect();
    let executed =
        responses.iter().filter(|response| !response.headers.contains_key("idempotent-replay")).count();
    assert_eq!((bodies.len(), executed), (1, 1));
    app.wait_until_idle().await;
    assert_eq!(MoneyAndStock::read(&app).await.orders.len(), 1);

    let other = app.order(&buyer, "the-key", &product, 2, Some("pm_card_visa")).await;
    assert_eq!(other.code(StatusCode::UNPROCESSABLE_ENTITY), "IDEMPOTENCY_KEY_REUSED");
}
