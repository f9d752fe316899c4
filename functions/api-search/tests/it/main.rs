//! Search over HTTP: events of API Gateway, through the router, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod costs;
mod events;
mod relevance;
mod search;

use axum::Router;
use serde_json::Value;
use shared::api::AppState;
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::projections::search_index::DocumentId;
use shared::search::{HashingEmbedder, Search};
use test_support::fixture::{MARKET, Marketplace, cents, id, new_id, seller};
use test_support::lambda_event;
use test_support::lambda_event::Answer;
use test_support::search_index::index;

/// The function on a table.
struct Searching {
    scene: Marketplace,
    router: Router,
}

impl Searching {
    /// With the people, the market and its product, both of them indexed.
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let search = Search::new(scene.reader.clone(), HashingEmbedder);
        let app = AppState::new(&scene.env("api-search"), scene.store.clone(), search).unwrap();
        let searching = Self { scene, router: api_search::router(app) };
        searching.index(DocumentId::Market(id(MARKET))).await;
        searching.index(DocumentId::Product(id(test_support::fixture::PRODUCT))).await;
        searching
    }

    async fn index(&self, document: DocumentId) {
        index(&self.scene.store, &HashingEmbedder, document).await;
    }

    /// A product of the seller's market, indexed.
    async fn product(&self, title: &str, description: &str) -> ProductId {
        let product: ProductId = new_id();
        let new = NewProduct {
            id: product,
            sku: product.to_string().parse().unwrap(),
            title: title.parse().unwrap(),
            description: Some(description.parse().unwrap()),
            price: cents(100),
            stock: 1,
        };
        self.scene.run(CreateProduct { market_id: id(MARKET), by: seller(), product: new }).await;
        self.index(DocumentId::Product(product)).await;
        product
    }

    /// The answer to an event, whatever it is.
    async fn send(&self, event: &Value) -> Answer {
        lambda_event::send(&self.router, event).await
    }

    /// What is found.
    async fn find(&self, query: &str) -> Vec<Value> {
        let answer =
            self.send(&lambda_event::of_request("GET", &format!("/v1/search?{query}"), &[], None)).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["data"].as_array().unwrap().clone()
    }
}

/// The ids of what was found.
fn ids(found: &[Value]) -> Vec<String> {
    found.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}
