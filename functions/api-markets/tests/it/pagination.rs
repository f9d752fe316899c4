//! Pagination of `GET /v1/markets`: by page, by offset and by cursor, and the total.

use serde_json::{Value, json};
use shared::domain::market::MarketStatus;
use shared::domain::market::create::InitialStatus;
use shared::projections::list_total::ListKey;
use shared::repository::table_layout::partitions;
use test_support::fixture::Marketplace;
use test_support::lambda_event::page_ids;
use test_support::search_index::index_names;

use super::Markets;

impl Markets {
    /// Reads a page; returns its ids and its pagination.
    async fn ids(&self, query: &str) -> (Vec<String>, Value) {
        let response = self.api.get(&format!("/v1/markets?{query}")).await;
        assert_eq!(response.status, 200, "{query}: {}", response.json());
        let body = response.json();
        (page_ids(&body), body["pagination"].clone())
    }

    /// Adds `by` to the total of the markets with a status.
    async fn add_to_total(&self, status: MarketStatus, by: i64) {
        self.marketplace.add_to_list_total(ListKey::of(partitions::markets(status)), by).await;
    }
}

#[tokio::test]
async fn list_is_the_same_by_page_offset_and_cursor() {
    let markets = Markets::with(Marketplace::empty().await);
    let mut all = markets.create_many(23, InitialStatus::Active).await;
    all.sort();
    all.reverse();
    for (page, expected) in all.chunks(5).enumerate() {
        let (number, offset) = (page + 1, page * 5);
        let (by_number, pagination) = markets.ids(&format!("limit=5&page={number}")).await;
        assert_eq!(by_number, expected, "page {number}");
        assert_eq!((&pagination["page"], &pagination["limit"]), (&json!(number), &json!(5)));
        let (by_offset, pagination) = markets.ids(&format!("limit=5&offset={offset}")).await;
        assert_eq!(by_offset, expected, "offset {offset}");
        assert_eq!(pagination["offset"], json!(offset));
        let next = pagination.get("nextCursor").and_then(Value::as_str);
        assert_eq!(next.is_some(), number < 5, "a cursor is returned while there are more items");
        if let Some(cursor) = next {
            let (after, pagination) = markets.ids(&format!("limit=5&cursor={cursor}")).await;
            assert_eq!(after, all[offset + 5..(offset + 10).min(23)]);
            assert!(pagination.get("page").or(pagination.get("offset")).is_none());
        }
    }
    let (none, pagination) = markets.ids("limit=5&page=6").await;
    assert!(none.is_empty());
    assert_eq!(pagination, json!({ "page": 6, "limit": 5, "total": 23, "totalPages": 5 }));
    assert_eq!(markets.ids("limit=5&offset=21").await.0, all[21..]);
}

#[tokio::test]
async fn total_is_at_least_the_number_of_items_known_to_exist() {
    let markets = Markets::with(Marketplace::empty().await);
    markets.create_many(7, InitialStatus::Active).await;
    let total = async |query: &str| {
        let (_, mut pagination) = markets.ids(query).await;
        pagination.as_object_mut().unwrap().remove("nextCursor");
        pagination
    };
    let first = |total| json!({ "page": 1, "limit": 3, "total": total, "totalPages": (total + 2) / 3 });
    assert_eq!(total("page=1&limit=3").await, first(4), "three items on the page and at least one after it");
    assert_eq!(total("limit=3&offset=3").await, json!({ "offset": 3, "limit": 3, "total": 7 }));
    assert_eq!(total("limit=3").await, json!({ "limit": 3, "total": 4 }));
    markets.add_to_total(MarketStatus::Active, 150).await;
    markets.add_to_total(MarketStatus::Closed, 9).await;
    assert_eq!(total("page=2&limit=20").await["total"], 150);
    assert_eq!(
        total("page=1&limit=20").await,
        json!({ "page": 1, "limit": 20, "total": 150, "totalPages": 8 })
    );
    assert_eq!(total("status=closed").await["total"], 9);
    index_names(&markets.marketplace).await;
    assert_eq!(
        total("search=mugs&limit=2").await["total"],
        7,
        "the matches of a search are counted when they are read"
    );
    assert_eq!(total("search=none").await["total"], 0);
}

#[tokio::test]
async fn total_costs_one_read_except_for_searches() {
    let markets = Markets::with(Marketplace::empty().await);
    markets.create_many(3, InitialStatus::Active).await;
    index_names(&markets.marketplace).await;
    // The markets, their volumes and, without a search, the total.
    for (query, reads) in [
        ("", vec!["BatchGetItem", "BatchGetItem", "Query"]),
        ("page=1", vec!["BatchGetItem", "BatchGetItem", "Query"]),
        ("page=2&limit=1", vec!["BatchGetItem", "BatchGetItem", "Query", "Query"]),
        ("search=mugs", vec!["BatchGetItem", "Query"]),
        ("search=mugs&page=2&limit=1", vec!["BatchGetItem", "Query"]),
    ] {
        markets.meter.restart();
        markets.ids(query).await;
        assert_eq!(markets.meter.operations(), reads, "{query}");
    }
}

#[tokio::test]
async fn all_invalid_query_parameters_are_reported_together() {
    let markets = Markets::new().await;
    for (query, expected) in [
        ("page=1&offset=0", vec!["offset", "page"]),
        ("page=1&cursor=x&limit=0", vec!["limit"]),
        ("page=0&limit=101&status=open&colour=red", vec!["colour", "limit", "page", "status"]),
        ("offset=-1&fields=colour&include=owner&sort=size", vec!["fields", "include", "offset", "sort"]),
        ("page=501", vec!["page"]),
        ("offset=9981", vec!["offset"]),
        ("page=1&page=2", vec!["page"]),
    ] {
        let response = markets.api.get(&format!("/v1/markets?{query}")).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{query}");
        assert_eq!(response.fields(), expected, "{query}");
    }
    let deep = markets.api.get("/v1/markets?page=101&limit=100").await.json();
    let rule = "must stay within the first 10000 items; use cursor pagination beyond";
    assert_eq!(deep["error"]["fields"], json!({ "page": rule }));
}
