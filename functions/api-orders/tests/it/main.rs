//! Orders over HTTP: events of API Gateway, through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cancel;
mod edge;
mod events;
mod get;
mod list;
mod place;
mod timeline;

use axum::Router;
use harness::event::{self, Answer};
use harness::scene::Scene;
use serde_json::{Value, json};
use shared::api::App;
use shared::domain::actor::Actor;

/// The function on a table.
struct Orders {
    scene: Scene,
    router: Router,
}

impl Orders {
    /// With the people, the market and its product.
    async fn open() -> Self {
        let scene = Scene::open().await;
        let app = App::new(&scene.env("api-orders"), scene.store.clone(), scene.reader.clone()).unwrap();
        Self { scene, router: api_orders::router(app) }
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        event::send(&self.router, event).await
    }

    /// The answer to a `GET` of `by`'s.
    async fn get(&self, by: Actor, path: &str) -> Answer {
        let token = self.scene.token(by);
        self.send(&event::of_request("GET", path, &[("authorization", &token)], None)).await
    }

    /// The answer to a `POST` of `by`'s with these further headers.
    async fn post(&self, by: Actor, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let token = self.scene.token(by);
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        self.send(&event::of_request("POST", path, &all, Some(body))).await
    }

    /// The answer to an order that is placed under an idempotency key.
    async fn place(&self, by: Actor, key: &str, body: &Value) -> Answer {
        self.post(by, "/v1/orders", &[("idempotency-key", key)], body).await
    }
}

/// Two of the market's mugs.
fn two_mugs() -> Value {
    json!({ "items": [{ "productId": harness::scene::PRODUCT, "quantity": 2 }], "paymentMethod": "pm_card_visa" })
}

/// The paths of the fields that an answer complains of.
fn fields(answer: &Answer) -> Vec<String> {
    let fields = answer.json()["error"]["fields"].as_object().cloned().unwrap_or_default();
    fields.keys().cloned().collect()
}
