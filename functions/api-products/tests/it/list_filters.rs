//! Filters and sort orders of `GET /v1/markets/{marketId}/products`.

use serde_json::{Value, json};
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::ProductId;
use shared::domain::product::create::{CreateProduct, NewProduct, StockedProduct};
use shared::domain::product::update::{ProductChanges, UpdateProduct};
use shared::domain::product::{Product, ProductStatus};
use shared::domain::values::text::Name;
use shared::kit::command::page::PageRequest;
use shared::projections::name_index::Words;
use shared::projections::tally::count::CountEntities;
use shared::repository::product::ProductReader;
use test_support::fixture::{MARKET, cents, id, new_id, products_of, seller};
use test_support::lambda_event::page_ids;
use test_support::search_index::index_names;

use super::Products;

const TITLES: [&str; 5] = ["Blue mug", "blue Cup", "Ähre", "MUG, green", "Zebra mug-warmer"];
const PRICES: [i64; 4] = [0, 500, 1_999, 120_000];

impl Products {
    /// Creates 30 products with different titles and prices, every fourth of them archived, and updates the
    /// projections.
    async fn with_variety() -> Self {
        let products = Self::new().await;
        for n in 0..30 {
            let created = products.create_titled(TITLES[n % 5], PRICES[n % 4], n).await;
            if n % 3 == 0 {
                products.archive(created.product.id).await;
            }
        }
        index_names(&products.marketplace).await;
        let all = products.all().await;
        for chunk in all.chunks(10) {
            let mut count = CountEntities::default();
            for product in chunk {
                count.product(product.id);
            }
            products.marketplace.run(count).await;
        }
        products
    }

    async fn create_titled(&self, title: &str, price: i64, n: usize) -> StockedProduct {
        let product = NewProduct {
            id: new_id(),
            sku: format!("SKU-{n}").parse().unwrap(),
            title: title.parse().unwrap(),
            description: None,
            price: cents(price),
            tax_class: TaxClass::Standard,
            requires_shipping: true,
            stock: 1,
        };
        self.marketplace.run(CreateProduct { market_id: id(MARKET), by: seller(), product }).await
    }

    async fn archive(&self, id: ProductId) {
        let changes = ProductChanges { status: Some(ProductStatus::Archived), ..ProductChanges::default() };
        self.marketplace.run(UpdateProduct { id, by: seller(), expected: None, changes }).await;
    }

    /// All products of the market.
    async fn all(&self) -> Vec<Product> {
        let reader = &self.marketplace.reader;
        let page = reader.products(&products_of(id(MARKET)), &PageRequest::first(100)).await.unwrap();
        let ids: Vec<ProductId> = page.items.iter().map(|found| found.product.id).collect();
        reader.products_by_id(&ids).await.unwrap().into_values().collect()
    }

    /// Ids of all pages of a list, and its total.
    async fn pages(&self, query: &str) -> (Vec<String>, Value) {
        let path = format!("/v1/markets/{MARKET}/products?limit=4&{query}");
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let body = self.api.get(&format!("{path}{cursor}")).await.json();
            let page = page_ids(&body);
            let total = body["pagination"]["total"].clone();
            let Some(next) = body["pagination"]["nextCursor"].as_str() else {
                ids.extend(page);
                return (ids, total);
            };
            assert_eq!(page.len(), 4, "only the last page is shorter: {query}");
            ids.extend(page);
            cursor = format!("&cursor={next}");
        }
    }
}

/// Filter of the model: query parameters, and whether a product matches them.
type Filter = (&'static str, fn(&Product) -> bool);

const STATUSES: [Filter; 3] = [
    ("", |_| true),
    ("&status=active", |product| product.status == ProductStatus::Active),
    ("&status=archived", |product| product.status == ProductStatus::Archived),
];

const RANGES: [Filter; 4] = [
    ("", |_| true),
    ("&minPrice=500", |product| product.price.amount() >= 500),
    ("&maxPrice=1998", |product| product.price.amount() <= 1_998),
    ("&minPrice=1999&maxPrice=1999", |product| product.price.amount() == 1_999),
];

const SEARCHES: [Filter; 4] = [
    ("", |_| true),
    ("&search=mug", |product| matches("mug", product)),
    ("&search=GREEN+mu", |product| matches("green mu", product)),
    ("&search=blue+zebra", |_| false),
];

fn matches(words: &str, product: &Product) -> bool {
    Words::of(&words.parse::<Name>().unwrap()).match_name(&product.title)
}

/// Sort value of a product.
type SortValue = fn(&Product) -> (String, i64, String);

const SORTS: [(&str, SortValue); 3] = [
    ("createdAt", |product| (String::new(), 0, product.id.to_string())),
    ("price", |product| (String::new(), product.price.amount(), product.id.to_string())),
    ("title", |product| (product.title.case_folded(), 0, product.id.to_string())),
];

#[tokio::test]
async fn every_combination_of_filters_and_sort_is_listed() {
    let products = Products::with_variety().await;
    let all = products.all().await;
    for (status, has_status) in STATUSES {
        for (range, is_in_range) in RANGES {
            for (search, is_found) in SEARCHES {
                for (sort, value) in SORTS {
                    let matches =
                        |product: &&Product| has_status(product) && is_in_range(product) && is_found(product);
                    let mut expected: Vec<&Product> = all.iter().filter(matches).collect();
                    expected.sort_by_key(|product| value(product));
                    let mut ids: Vec<String> =
                        expected.iter().map(|product| product.id.to_string()).collect();
                    let query = format!("{status}{range}{search}");
                    let ascending = products.pages(&format!("sort={sort}{query}")).await;
                    assert_eq!(ascending, (ids.clone(), json!(ids.len())), "{sort} {query}");
                    ids.reverse();
                    let descending = products.pages(&format!("sort=-{sort}{query}")).await;
                    assert_eq!(descending, (ids.clone(), json!(ids.len())), "-{sort} {query}");
                }
            }
        }
    }
}

#[tokio::test]
async fn filtered_list_is_the_same_by_page_and_by_offset() {
    let products = Products::with_variety().await;
    for query in ["status=active", "minPrice=500&sort=price", "minPrice=500&sort=title", "search=mug"] {
        let (whole, _) = products.pages(query).await;
        let path = format!("/v1/markets/{MARKET}/products?limit=4&{query}");
        for (page, expected) in whole.chunks(4).enumerate() {
            let body = products.api.get(&format!("{path}&page={}", page + 1)).await.json();
            assert_eq!(page_ids(&body), expected, "{query} {page}");
        }
        for offset in [0, 1, whole.len() - 1, whole.len(), whole.len() + 9] {
            let body = products.api.get(&format!("{path}&offset={offset}")).await.json();
            let rest = &whole[offset.min(whole.len())..];
            assert_eq!(page_ids(&body), rest[..rest.len().min(4)], "{query} {offset}");
        }
    }
}

#[tokio::test]
async fn cursor_is_bound_to_the_filters_and_the_sort_order() {
    let products = Products::with_variety().await;
    let path = format!("/v1/markets/{MARKET}/products");
    let page = products.api.get(&format!("{path}?limit=2&minPrice=500&sort=price")).await.json();
    let cursor = page["pagination"]["nextCursor"].as_str().unwrap();
    for (list, status) in [
        ("minPrice=500&sort=price", 200),
        ("minPrice=501&sort=price", 400),
        ("minPrice=500&sort=-price", 400),
        ("minPrice=500&sort=price&status=active", 400),
        ("minPrice=500&sort=price&search=mug", 400),
        ("", 400),
    ] {
        let response = products.api.get(&format!("{path}?cursor={cursor}&{list}")).await;
        assert_eq!(response.status, status, "{list}");
    }
}

#[tokio::test]
async fn every_invalid_filter_is_reported_with_its_rule() {
    let products = Products::new().await;
    let path = format!("/v1/markets/{MARKET}/products");
    let query = "status=draft&minPrice=-1&maxPrice=1.5&sort=name&search=";
    let response = products.api.get(&format!("{path}?{query}")).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.fields(), ["maxPrice", "minPrice", "search", "sort", "status"]);
    let rules = &response.json()["error"]["fields"];
    assert_eq!(rules["minPrice"], "must be an integer of minor units from 0 to 999999999999");
    assert_eq!(rules["status"], "must be one of active, archived");
    let empty = products.api.get(&format!("{path}?minPrice=2&maxPrice=1")).await;
    assert_eq!(empty.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(empty.json()["error"]["fields"], json!({ "maxPrice": "must be at least `minPrice`" }));
    assert_eq!(products.api.get(&format!("{path}?minPrice=1&maxPrice=1")).await.status, 200);
}
