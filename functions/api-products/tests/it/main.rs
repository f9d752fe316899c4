//! Products over HTTP: events of API Gateway, through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adjust_stock;
mod create;
mod events;
mod get;
mod list;
mod update_delete;

use axum::Router;
use serde_json::{Value, json};
use shared::api::AppState;
use shared::domain::values::actor::Actor;
use test_support::fixture::Marketplace;
use test_support::lambda_event;
use test_support::lambda_event::Answer;

/// The function on a table.
struct Products {
    scene: Marketplace,
    router: Router,
}

impl Products {
    /// With the people, the market and its product.
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let app =
            AppState::new(&scene.env("api-products"), scene.store.clone(), scene.reader.clone()).unwrap();
        Self { scene, router: api_products::router(app) }
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send(&self.router, event).await
    }

    /// The answer to a `GET` of nobody's in particular.
    async fn get(&self, path: &str) -> Answer {
        self.send(&lambda_event::of_request("GET", path, &[], None)).await
    }

    /// The answer to a `GET` of `by`'s.
    async fn get_as(&self, by: Actor, path: &str) -> Answer {
        let token = self.scene.token(by);
        self.send(&lambda_event::of_request("GET", path, &[("authorization", &token)], None)).await
    }

    /// The answer to a `POST` of `by`'s with these further headers.
    async fn post(&self, by: Actor, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let token = self.scene.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&lambda_event::of_request("POST", path, &all, Some(body))).await
    }
}

/// A product to be listed.
fn product(sku: &str) -> Value {
    json!({ "sku": sku, "title": "Cup", "price": { "amount": 500, "currency": "EUR" }, "stock": 3 })
}

/// What an error says of itself.
fn error(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

/// The paths of the fields that an answer complains of.
fn fields(answer: &Answer) -> Vec<String> {
    let fields = answer.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}
