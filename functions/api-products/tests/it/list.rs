//! `GET /v1/markets/{marketId}/products`.

use std::collections::HashSet;

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::create::{CreateProduct, NewProduct};
use shared::domain::product::{Product, ProductStatus};
use shared::domain::values::text::Description;
use shared::projections::list_total::ListKey;
use shared::repository::table_layout::partitions;
use test_support::fixture::{MARKET, PRODUCT, cents, id, new_id, seller, stranger};
use test_support::lambda_event::page_ids;

use super::Products;

impl Products {
    /// Creates a market with `count` products; returns the path of the product list, the id of the market and
    /// the ids of the products.
    async fn market_with_products(&self, count: i64) -> (String, String, HashSet<String>) {
        let market = new_id::<Market>().to_string();
        self.marketplace.market(&market, seller(), InitialStatus::Active).await;
        let mut ids = HashSet::new();
        for n in 0..count {
            ids.insert(self.create_product(&market, n).await);
        }
        (format!("/v1/markets/{market}/products"), market, ids)
    }

    /// Creates a product and returns its id.
    async fn create_product(&self, market: &str, n: i64) -> String {
        let product = new_id::<Product>().to_string();
        self.marketplace.product(&product, market, seller(), &format!("CUP-{n}"), 500, n).await;
        product
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_have_no_gaps_or_repeats_while_products_are_created() {
    let products = Products::new().await;
    let (path, market, before) = products.market_with_products(45).await;
    let (mut ids_read, mut query, mut number) = (Vec::new(), "?limit=10".to_owned(), 100);
    loop {
        let body = products.api.get(&format!("{path}{query}")).await.json();
        for product in body["data"].as_array().unwrap() {
            assert_eq!(format!("CUP-{}", product["stock"]["available"]), text(&product["sku"]));
            ids_read.push(text(&product["id"]));
        }
        products.create_product(&market, number).await;
        number += 1;
        let Some(cursor) = body["pagination"].get("nextCursor") else { break };
        query = format!("?limit=10&cursor={}", text(cursor));
    }
    assert!(ids_read.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {ids_read:?}");
    assert_eq!(ids_read.len(), 45);
    assert_eq!(ids_read.into_iter().collect::<HashSet<_>>(), before);
}

#[tokio::test]
async fn list_is_not_found_if_the_market_is_not_visible() {
    let products = Products::new().await;
    let draft = new_id::<Market>().to_string();
    products.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    let path = format!("/v1/markets/{draft}/products");
    assert_eq!(products.api.get(&path).by(seller()).await.status, 200);
    assert_eq!(products.api.get(&path).by(stranger()).await.error(), (404, "NOT_FOUND"));
    assert_eq!(products.api.get(&path).await.error(), (404, "NOT_FOUND"));
    let absent = products.api.get(&format!("/v1/markets/{}/products", new_id::<Market>())).await;
    assert_eq!(absent.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn cursor_is_bound_to_its_market() {
    let products = Products::new().await;
    let (path, ..) = products.market_with_products(3).await;
    let cursor = text(&products.api.get(&format!("{path}?limit=2")).await.json()["pagination"]["nextCursor"]);
    let foreign = products.api.get(&format!("/v1/markets/{MARKET}/products?cursor={cursor}")).await;
    assert_eq!(foreign.error(), (400, "INVALID_CURSOR"));
    let next = products.api.get(&format!("{path}?cursor={cursor}")).await.json();
    assert_eq!(next["data"].as_array().unwrap().len(), 1);
    assert_eq!(next["pagination"], json!({ "limit": 20, "total": 1 }));
}

#[tokio::test]
async fn every_invalid_query_parameter_is_reported() {
    let products = Products::new().await;
    let response = products.api.get(&format!("/v1/markets/{MARKET}/products?limit=0&sku=MUG-1")).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.fields(), ["limit", "sku"]);
}

#[tokio::test]
async fn list_is_the_same_by_page_offset_and_cursor() {
    let products = Products::new().await;
    let (path, market, ids) = products.market_with_products(11).await;
    let mut whole: Vec<String> = ids.into_iter().collect();
    whole.sort();
    whole.reverse();
    let page = async |query: &str| products.api.get(&format!("{path}?limit=4&{query}")).await.json();
    for (number, expected) in whole.chunks(4).enumerate() {
        assert_eq!(page_ids(&page(&format!("page={}", number + 1)).await), expected);
    }
    let middle = page("offset=3").await;
    assert_eq!(page_ids(&middle), whole[3..7]);
    let next = text(&middle["pagination"]["nextCursor"]);
    assert_eq!(page_ids(&page(&format!("cursor={next}")).await), whole[7..]);
    let list = ListKey::of(partitions::products_in(id(&market), ProductStatus::Active));
    products.marketplace.add_to_list_total(list, 41).await;
    let total = json!({ "page": 3, "limit": 4, "total": 41, "totalPages": 11 });
    assert_eq!(page("page=3").await["pagination"], total);
}

#[tokio::test]
async fn only_requested_fields_are_returned() {
    let products = Products::new().await;
    let expected = json!({ "sku": "MUG-1", "stock": { "available": 10, "reserved": 0 } });
    let one = products.api.get(&format!("/v1/products/{PRODUCT}?fields=stock,sku")).await;
    assert_eq!(one.json()["data"], expected);
    let list = products.api.get(&format!("/v1/markets/{MARKET}/products?fields=stock,sku")).await;
    assert_eq!(list.json()["data"], json!([expected]));
    for path in [format!("/v1/products/{PRODUCT}"), format!("/v1/markets/{MARKET}/products")] {
        let refused = products.api.get(&format!("{path}?fields=stock.available&include=market")).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"));
        assert_eq!(refused.fields(), ["fields", "include"]);
    }
}

#[tokio::test]
async fn long_descriptions_are_read_only_if_they_are_named() {
    let products = Products::new().await;
    let description: Description = "🍵".repeat(5_000).parse().unwrap();
    for n in 0..40 {
        let product = NewProduct {
            id: new_id(),
            sku: format!("TEA-{n}").parse().unwrap(),
            title: "Tea".parse().unwrap(),
            description: Some(description.clone()),
            price: cents(500),
            tax_class: TaxClass::Standard,
            requires_shipping: true,
            stock: 1,
        };
        products.marketplace.run(CreateProduct { market_id: id(MARKET), by: seller(), product }).await;
    }
    let path = format!("/v1/markets/{MARKET}/products?limit=30");
    products.meter.restart();
    let page = products.api.get(&path).await.json();
    let requests = products.meter.requests();
    let queries = requests.iter().filter(|request| request.operation == "Query");
    assert!(queries.map(|request| request.units).sum::<f64>() <= 3.0, "{requests:?}");
    assert_eq!(requests.len(), 5, "the market, two statuses, the stocks, the total: {requests:?}");
    for field in ["description", "updatedAt", "version"] {
        assert!(page["data"][0].get(field).is_none(), "{field}");
        let named = products.api.get(&format!("{path}&fields=id,{field}")).await.json();
        assert_eq!(products.meter.requests().len(), 6, "{field}");
        let whole = products.api.get(&format!("/v1/products/{}", text(&page["data"][0]["id"]))).await.json();
        assert_eq!(named["data"][0], json!({ "id": page["data"][0]["id"], field: whole["data"][field] }));
        products.meter.restart();
    }
    let skipped = products.api.get(&format!("{path}&offset=38&status=active")).await.json();
    assert_eq!(page_ids(&skipped).len(), 3);
}
