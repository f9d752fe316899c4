//! HTTP requests that change state.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Fixture, id};
use crate::request_counts::CostTable;

/// Counts all commands.
pub(super) async fn count(fixture: &Fixture, costs: &mut CostTable) {
    Box::pin(accounts(fixture, costs)).await;
    Box::pin(catalogue(fixture, costs)).await;
    Box::pin(orders(fixture, costs)).await;
    let job = json!({ "type": "sales_report", "params": { "marketId": fixture.market } });
    let requesting = fixture.post(&fixture.seller, "/v1/jobs", &job, StatusCode::ACCEPTED);
    costs.count(fixture, "request a report", "api-jobs", async { drop(requesting.await) }).await;
    delete_job(fixture, costs).await;
}

/// Counts the deletion of a job without output.
async fn delete_job(fixture: &Fixture, costs: &mut CostTable) {
    let export = json!({ "type": "data_export", "params": {} });
    let job = fixture.post(&fixture.seller, "/v1/jobs", &export, StatusCode::ACCEPTED).await;
    let job = format!("/v1/jobs/{}", id(&job["id"]));
    fixture.post(&fixture.seller, &format!("{job}/cancel"), &json!({}), StatusCode::OK).await;
    let deletion = fixture.app.request(Method::DELETE, &job).by(&fixture.seller).header("if-match", "*");
    costs
        .count(fixture, "delete a job", "api-jobs", async {
            assert_eq!(deletion.send().await.status, StatusCode::NO_CONTENT);
        })
        .await;
}

async fn accounts(fixture: &Fixture, costs: &mut CostTable) {
    let password = "correct horse battery staple";
    let account = json!({ "email": "new@example.com", "password": password, "name": "New" });
    let login = json!({ "email": "new@example.com", "password": password });
    let post = |path: &'static str, body: Value, status| async move {
        fixture.app.request(Method::POST, path).json(&body).send().await.data(status)
    };
    let registering = post("/v1/auth/register", account, StatusCode::CREATED);
    costs.count(fixture, "register", "api-auth", async { drop(registering.await) }).await;
    let mut tokens = Value::Null;
    costs
        .count(fixture, "log in", "api-auth", async {
            tokens = post("/v1/auth/login", login, StatusCode::OK).await;
        })
        .await;
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    let refreshing = post("/v1/auth/refresh", refresh, StatusCode::OK);
    costs.count(fixture, "refresh a session", "api-auth", async { drop(refreshing.await) }).await;
    let invited = json!({ "email": "invited@example.com", "name": "New", "role": "user" });
    let inviting = fixture.post(&fixture.admin, "/v1/users", &invited, StatusCode::CREATED);
    costs
        .count(fixture, "create an account for another person", "api-users", async { drop(inviting.await) })
        .await;
}

async fn catalogue(fixture: &Fixture, costs: &mut CostTable) {
    let market = json!({ "name": "Bowls", "currency": "EUR" });
    let creating_market = fixture.post(&fixture.seller, "/v1/markets", &market, StatusCode::CREATED);
    let mut created = Value::Null;
    costs.count(fixture, "create a market", "api-markets", async { created = creating_market.await }).await;
    let rate = json!({
        "country": "DE", "class": "standard", "basisPoints": 1_900, "name": "VAT", "appliesToShipping": true,
    });
    let tax = json!({ "pricesIncludeTax": true, "rates": [rate] });
    let path = format!("/v1/markets/{}/tax", id(&created["id"]));
    let setting =
        fixture.app.request(Method::PUT, &path).by(&fixture.seller).header("if-match", "*").json(&tax);
    costs
        .count(fixture, "set the tax rates of a market", "api-markets", async {
            let _ = setting.send().await.data(StatusCode::OK);
        })
        .await;
    let price = json!({ "amount": 999, "currency": "EUR" });
    let bowl = json!({ "sku": "BOWL-1", "title": "Bowl", "price": price, "stock": 5 });
    let products = format!("/v1/markets/{}/products", fixture.market);
    let creating_product = fixture.post(&fixture.seller, &products, &bowl, StatusCode::CREATED);
    costs.count(fixture, "create a product", "api-products", async { drop(creating_product.await) }).await;
    let stock = format!("/v1/products/{}/stock", fixture.product);
    let more = json!({ "delta": 3 });
    let restocking = fixture.post(&fixture.seller, &stock, &more, StatusCode::OK);
    costs.count(fixture, "restock a product", "api-products", async { drop(restocking.await) }).await;
}

async fn orders(fixture: &Fixture, costs: &mut CostTable) {
    let mut order = String::new();
    costs
        .count(fixture, "place an order", "api-orders", async { order = fixture.place("counted").await })
        .await;
    costs
        .count(fixture, "replay a placed order", "api-orders", async {
            assert_eq!(fixture.place("counted").await, order, "the replay returns the same order");
        })
        .await;
    let items = json!([{ "productId": fixture.product, "quantity": 2 }]);
    let unnamed = json!({ "items": items });
    let placing = fixture.post(&fixture.buyer, "/v1/orders", &unnamed, StatusCode::CREATED);
    costs
        .count(fixture, "place an order without naming its market", "api-orders", async {
            drop(placing.await);
        })
        .await;
    let cancel = format!("/v1/orders/{order}/cancel");
    let empty = json!({});
    let cancelling = fixture.post(&fixture.buyer, &cancel, &empty, StatusCode::OK);
    costs.count(fixture, "cancel an order", "api-orders", async { drop(cancelling.await) }).await;

    fixture.clear_outbox().await;
    let sold = fixture.place("sold").await;
    fixture.deliver("queue-fulfilment", &fixture.events("order.created").await).await;
    Box::pin(unsubscribe(fixture, costs)).await;
    let shipment = json!({ "carrier": "Snail", "trackingNumber": "S-42" });
    let refund = json!({ "reason": "chipped", "amount": { "amount": 500, "currency": "EUR" } });
    let steps = [("ship", shipment), ("deliver", empty.clone()), ("refund", refund)];
    for (step, body) in steps {
        let path = format!("/v1/orders/{sold}/{step}");
        let updating = fixture.post(&fixture.seller, &path, &body, StatusCode::OK);
        costs
            .count(fixture, &format!("{step} an order"), "api-orders", async {
                assert_eq!(id(&updating.await["id"]), sold);
            })
            .await;
    }
}

/// Counts the use of the link in the seller's e-mail about the confirmed order, and subscribes again.
async fn unsubscribe(fixture: &Fixture, costs: &mut CostTable) {
    fixture.deliver("queue-emails", &fixture.events("order.confirmed").await).await;
    let email = fixture.app.stack().mail().sent_to(&fixture.seller.email).pop().expect("an e-mail is sent");
    let link = email.headers.get("List-Unsubscribe").expect("the e-mail has a link").trim_matches(['<', '>']);
    let (_, path) = link.split_once("/v1/").expect("the link is one of the API");
    costs
        .count(fixture, "unsubscribe from notifications", "api-auth", async {
            let response = fixture.app.request(Method::POST, &format!("/v1/{path}")).send().await;
            assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        })
        .await;
    let subscribe = fixture.app.request(Method::PATCH, "/v1/users/me").by(&fixture.seller);
    let settings = json!({ "notifications": { "sales": true } });
    let _ = subscribe.header("if-match", "*").json(&settings).send().await.data(StatusCode::OK);
}
