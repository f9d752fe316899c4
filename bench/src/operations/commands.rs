//! Requests that change something.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Fixture, id};
use crate::request_counts::CostTable;

/// Counts them.
pub(super) async fn count(stage: &Fixture, book: &mut CostTable) {
    Box::pin(accounts(stage, book)).await;
    Box::pin(catalogue(stage, book)).await;
    Box::pin(orders(stage, book)).await;
    let job = json!({ "type": "sales_report", "params": { "marketId": stage.market } });
    let asking = stage.post(&stage.seller, "/v1/jobs", &job, StatusCode::ACCEPTED);
    book.count(stage, "ask for a report", "api-jobs", async { drop(asking.await) }).await;
}

async fn accounts(stage: &Fixture, book: &mut CostTable) {
    let password = "correct horse battery staple";
    let account = json!({ "email": "new@example.com", "password": password, "name": "New" });
    let login = json!({ "email": "new@example.com", "password": password });
    let say = |path: &'static str, body: Value, status| async move {
        stage.shop.ask(Method::POST, path).json(&body).send().await.data(status)
    };
    let register = say("/v1/auth/register", account, StatusCode::CREATED);
    book.count(stage, "register", "api-auth", async { drop(register.await) }).await;
    let mut tokens = Value::Null;
    book.count(stage, "log in", "api-auth", async {
        tokens = say("/v1/auth/login", login, StatusCode::OK).await;
    })
    .await;
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    let refreshed = say("/v1/auth/refresh", refresh, StatusCode::OK);
    book.count(stage, "refresh a session", "api-auth", async { drop(refreshed.await) }).await;
}

async fn catalogue(stage: &Fixture, book: &mut CostTable) {
    let market = json!({ "name": "Bowls", "currency": "EUR" });
    let opening = stage.post(&stage.seller, "/v1/markets", &market, StatusCode::CREATED);
    book.count(stage, "open a market", "api-markets", async { drop(opening.await) }).await;
    let price = json!({ "amount": 999, "currency": "EUR" });
    let bowl = json!({ "sku": "BOWL-1", "title": "Bowl", "price": price, "stock": 5 });
    let products = format!("/v1/markets/{}/products", stage.market);
    let listing = stage.post(&stage.seller, &products, &bowl, StatusCode::CREATED);
    book.count(stage, "list a product", "api-products", async { drop(listing.await) }).await;
    let stock = format!("/v1/products/{}/stock", stage.product);
    let more = json!({ "delta": 3 });
    let restocking = stage.post(&stage.seller, &stock, &more, StatusCode::OK);
    book.count(stage, "restock a product", "api-products", async { drop(restocking.await) }).await;
}

async fn orders(stage: &Fixture, book: &mut CostTable) {
    let mut order = String::new();
    book.count(stage, "place an order", "api-orders", async { order = stage.place("counted").await }).await;
    book.count(stage, "place it again, under the same key", "api-orders", async {
        assert_eq!(stage.place("counted").await, order, "a replay is the same order");
    })
    .await;
    let cancel = format!("/v1/orders/{order}/cancel");
    let nothing = json!({});
    let cancelling = stage.post(&stage.buyer, &cancel, &nothing, StatusCode::OK);
    book.count(stage, "cancel an order", "api-orders", async { drop(cancelling.await) }).await;

    stage.clear_outbox().await;
    let sold = stage.place("sold").await;
    stage.deliver("queue-fulfilment", &stage.events("order.created").await).await;
    let shipment = json!({ "carrier": "Snail", "trackingNumber": "S-42" });
    let refund = json!({ "reason": "chipped", "amount": { "amount": 500, "currency": "EUR" } });
    let steps = [("ship", shipment), ("deliver", nothing.clone()), ("refund", refund)];
    for (step, body) in steps {
        let path = format!("/v1/orders/{sold}/{step}");
        let stepping = stage.post(&stage.seller, &path, &body, StatusCode::OK);
        book.count(stage, &format!("{step} an order"), "api-orders", async {
            assert_eq!(id(&stepping.await["id"]), sold);
        })
        .await;
    }
}
