//! Orders from their placing to their end.

use harness::Shop;
use http::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_and_captured_exactly_once() {
    let shop = Shop::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let placed = shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await;
    let id = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    assert_eq!(placed.json()["data"]["status"], "pending");

    let confirmed = shop.order_in(&buyer, &id, &["confirmed"]).await;
    assert_eq!(confirmed["total"]["amount"], 3_998);
    shop.quiet().await;

    let ledger = shop.stack().payments().ledger();
    assert_eq!(ledger.captures_of(&id).len(), 1);
    assert_eq!(ledger.captured_total(&id), 3_998);
    assert_eq!(shop.stock(&product).await, (8, 0));
}
