//! Requests that only read.

use http::{Method, StatusCode};

use crate::fixture::Fixture;
use crate::request_counts::CostTable;

/// Counts them.
pub(super) async fn count(stage: &Fixture, book: &mut CostTable) {
    Box::pin(public(stage, book)).await;
    Box::pin(private(stage, book)).await;
}

/// What everybody may see is remembered for some seconds.
async fn public(stage: &Fixture, book: &mut CostTable) {
    let product = format!("/v1/products/{}", stage.product);
    let market = format!("/v1/markets/{}", stage.market);
    for (what, function, path) in [("product", "api-products", product), ("market", "api-markets", market)] {
        stage.shop.stack().kill(function).await;
        book.count(stage, &format!("show a {what}, new to the instance"), function, async {
            stage.get(&path).await;
        })
        .await;
        book.count(stage, &format!("show a {what} that is remembered"), function, async {
            stage.get(&path).await;
        })
        .await;
    }
    let products = format!("/v1/markets/{}/products", stage.market);
    book.get(stage, "list the products of a market", "api-products", &products).await;
    book.get(stage, "list markets", "api-markets", "/v1/markets").await;
    book.get(stage, "search for a word that nothing has", "api-search", "/v1/search?q=mug").await;
}

async fn private(stage: &Fixture, book: &mut CostTable) {
    let order = format!("/v1/orders/{}", stage.order);
    book.get(stage, "show an order", "api-orders", &order).await;
    book.get(stage, "show an order's timeline", "api-orders", &format!("{order}/timeline")).await;
    book.get(stage, "list one's orders", "api-orders", "/v1/orders").await;
    book.get(stage, "show one's account", "api-users", "/v1/users/me").await;
    book.get(stage, "list one's jobs", "api-jobs", "/v1/jobs").await;
    book.count(stage, "list accounts", "api-users", async {
        let asked = stage.shop.ask(Method::GET, "/v1/users").by(&stage.admin);
        let _ = asked.send().await.data(StatusCode::OK);
    })
    .await;
}
