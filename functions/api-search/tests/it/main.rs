//! Tests of the HTTP API of the search: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod costs;
mod events;
mod relevance;
mod search;

use serde_json::Value;
use shared::api::QueryState;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::projections::search_index::DocumentId;
use shared::search::{CachedSearch, ConfiguredEmbedder, HashingEmbedder, Search};
use test_support::api_function::ApiFunction;
use test_support::fixture::{MARKET, Marketplace, PRODUCT, cents, id, new_id, seller};
use test_support::search_index::index;

/// The function on a marketplace.
struct SearchApi {
    marketplace: Marketplace,
    api: ApiFunction,
}

impl SearchApi {
    /// Creates a table with the sample users, and the market and its product, both indexed.
    async fn new() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let search = Search::new(marketplace.reader.clone(), ConfiguredEmbedder::Hashed(HashingEmbedder));
        let app = QueryState::new(&marketplace.env("api-search"), CachedSearch::uncached(search)).unwrap();
        let search = Self { api: ApiFunction::new(&marketplace, api_search::router(app)), marketplace };
        search.index(DocumentId::Market(id(MARKET))).await;
        search.index(DocumentId::Product(id(PRODUCT))).await;
        search
    }

    async fn index(&self, document: DocumentId) {
        index(&self.marketplace.store, &HashingEmbedder, document).await;
    }

    /// Creates and indexes a product.
    async fn create_product(&self, title: &str, description: &str) -> ProductId {
        let product: ProductId = new_id();
        let new = NewProduct {
            id: product,
            sku: product.to_string().parse().unwrap(),
            title: title.parse().unwrap(),
            description: Some(description.parse().unwrap()),
            price: cents(100),
            tax_class: TaxClass::Standard,
            requires_shipping: true,
            stock: 1,
        };
        self.marketplace.run(CreateProduct { market_id: id(MARKET), by: seller(), product: new }).await;
        self.index(DocumentId::Product(product)).await;
        product
    }

    /// Searches and returns the results.
    async fn find(&self, query: &str) -> Vec<Value> {
        let response = self.api.get(&format!("/v1/search?{query}")).await;
        assert_eq!(response.status, 200, "{}", response.json());
        response.json()["data"].as_array().unwrap().clone()
    }
}

/// Ids of the results.
fn ids(found: &[Value]) -> Vec<String> {
    found.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}
