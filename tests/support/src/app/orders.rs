//! Products and orders of the application.

use aws_sdk_dynamodb::types::AttributeValue;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::product::Stock;
use shared::kit::command::{Key, Record};

use super::{TestApp, TestResponse, TestUser, eventually};

impl TestApp {
    /// Creates a market in EUR with one product, and returns the product's id.
    ///
    /// # Panics
    /// If that fails.
    pub async fn product(&self, seller: &TestUser, price: i64, stock: i64) -> String {
        let market = json!({ "name": "Mugs and more", "currency": "EUR" });
        let market = self.request(Method::POST, "/v1/markets").by(seller).json(&market).send().await;
        let market = market.data(StatusCode::CREATED);
        let product = json!({
            "sku": "MUG-1",
            "title": "Mug",
            "price": { "amount": price, "currency": "EUR" },
            "stock": stock,
        });
        let path = format!("/v1/markets/{}/products", market["id"].as_str().expect("an id"));
        let product = self.request(Method::POST, &path).by(seller).json(&product).send().await;
        product.data(StatusCode::CREATED)["id"].as_str().expect("an id").to_owned()
    }

    /// Places an order of one product.
    pub async fn order(
        &self,
        buyer: &TestUser,
        key: &str,
        product: &str,
        quantity: i64,
        method: Option<&str>,
    ) -> TestResponse {
        let mut order = json!({ "items": [{ "productId": product, "quantity": quantity }] });
        if let Some(method) = method {
            order["paymentMethod"] = json!(method);
        }
        self.request(Method::POST, "/v1/orders").by(buyer).key(key).json(&order).send().await
    }

    /// Reads an order as `user`.
    ///
    /// # Panics
    /// If the API does not respond with 200.
    pub async fn get_order(&self, user: &TestUser, order: &str) -> Value {
        self.request(Method::GET, &format!("/v1/orders/{order}")).by(user).send().await.data(StatusCode::OK)
    }

    /// Waits until the status of an order is one of `statuses`, and returns the order.
    ///
    /// # Panics
    /// If that does not happen within [`WAIT_TIMEOUT`](super::WAIT_TIMEOUT).
    pub async fn wait_for_order(&self, user: &TestUser, order: &str, statuses: &[&str]) -> Value {
        let poll = || async {
            let current = self.get_order(user, order).await;
            statuses.iter().any(|status| current["status"] == *status).then_some(current)
        };
        eventually(&format!("the order is one of {statuses:?}"), poll).await
    }

    /// Available and reserved units of a product, read from the table. The API may return cached values.
    ///
    /// # Panics
    /// If the product does not exist.
    pub async fn stock(&self, product: &str) -> (i64, i64) {
        let id = product.parse().expect("a product's id");
        let Key { pk, sk } = Stock::key(&id);
        let table = self.stack.table_name("Table").expect("the template has the table");
        let get = self.dynamodb().get_item().table_name(table).consistent_read(true);
        let found = get.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk)).send().await;
        let item = found.expect("the table responds").item.expect("the product has a stock");
        let stock: Stock = serde_dynamo::from_item(item).expect("the stored stock is valid");
        (stock.available, stock.reserved)
    }
}
