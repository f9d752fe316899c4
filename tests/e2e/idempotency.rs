//! The same request, sent many times at once.

use std::collections::BTreeSet;

use http::StatusCode;
use test_support::TestApp;
use test_support::audit::MoneyAndStock;

#[tokio::test(flavor = "multi_thread")]
async fn one_key_sent_20_times_at_once_is_one_order_and_20_equal_answers() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 100).await;
    let asked = (0..20).map(|_| shop.order(&buyer, "the-key", &product, 1, Some("pm_card_visa")));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::CREATED), "{answers:?}");
    let bodies: BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    let fresh = answers.iter().filter(|answer| !answer.headers.contains_key("idempotent-replay")).count();
    assert_eq!((bodies.len(), fresh), (1, 1));
    shop.wait_until_idle().await;
    assert_eq!(MoneyAndStock::read(&shop).await.orders.len(), 1);

    let other = shop.order(&buyer, "the-key", &product, 2, Some("pm_card_visa")).await;
    assert_eq!(other.code(StatusCode::UNPROCESSABLE_ENTITY), "IDEMPOTENCY_KEY_REUSED");
}
