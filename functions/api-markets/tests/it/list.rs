//! `GET /v1/markets`.

use std::collections::HashSet;

use serde_json::Value;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use test_support::fixture::{MARKET, Marketplace, new_id, seller};
use test_support::lambda_event::page_ids;
use test_support::search_index::index_names;

use super::Markets;

/// Documented maximum of the read units of a search (`docs/request-costs.md`).
const MAX_SEARCH_UNITS: f64 = 200.0;

impl Markets {
    /// Creates `count` markets and returns their ids, oldest first.
    pub(crate) async fn create_many(&self, count: usize, status: InitialStatus) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let market = new_id::<Market>().to_string();
            self.marketplace.market(&market, seller(), status).await;
            ids.push(market);
        }
        ids
    }

    /// Read units since the last call.
    fn units(&self) -> f64 {
        self.meter.requests().iter().map(|request| request.units).sum()
    }

    /// Reads a page; returns its ids and the cursor of the next page.
    async fn page(&self, path: &str) -> (Vec<String>, Option<String>) {
        let response = self.api.get(path).await;
        assert_eq!(response.status, 200, "{}", response.json());
        let body = response.json();
        (page_ids(&body), body["pagination"].get("nextCursor").map(text))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_have_no_gaps_or_repeats_while_markets_are_created() {
    let markets = Markets::with(Marketplace::empty().await);
    let before: HashSet<String> = markets.create_many(45, InitialStatus::Active).await.into_iter().collect();
    let mut ids_read = Vec::new();
    let mut path = "/v1/markets?limit=10".to_owned();
    loop {
        let (ids, next) = markets.page(&path).await;
        ids_read.extend(ids);
        markets.create_many(2, InitialStatus::Active).await;
        let Some(cursor) = next else { break };
        path = format!("/v1/markets?limit=10&cursor={cursor}");
    }
    assert!(ids_read.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {ids_read:?}");
    assert_eq!(ids_read.len(), 45);
    assert_eq!(ids_read.into_iter().collect::<HashSet<_>>(), before);
}

#[tokio::test]
async fn markets_are_listed_by_status_without_drafts() {
    let markets = Markets::new().await;
    let drafts = markets.create_many(2, InitialStatus::Draft).await;
    let closed = markets.create_many(1, InitialStatus::Active).await.remove(0);
    markets.marketplace.set_market_status(&closed, MarketStatus::Closed).await;
    for (query, expected) in [
        ("", vec![MARKET.to_owned()]),
        ("?status=active", vec![MARKET.to_owned()]),
        ("?status=closed", vec![closed]),
        ("?status=suspended", vec![]),
    ] {
        assert_eq!(markets.page(&format!("/v1/markets{query}")).await.0, expected, "{query}");
    }
    let response = markets.api.get("/v1/markets?status=draft").by(seller()).await;
    assert_eq!((response.status.as_u16(), response.fields()), (400, vec!["status".to_owned()]));
    assert!(!drafts.iter().any(|draft| String::from_utf8_lossy(&response.bytes).contains(draft)));
}

#[tokio::test]
async fn cursor_is_valid_only_unchanged_and_for_its_list() {
    let markets = Markets::new().await;
    markets.create_many(11, InitialStatus::Active).await;
    let cursor = markets.page("/v1/markets?limit=10").await.1.unwrap();
    let flipped =
        if cursor.starts_with('b') { cursor.replacen('b', "c", 1) } else { format!("b{}", &cursor[1..]) };
    for query in [format!("status=closed&cursor={cursor}"), format!("cursor={flipped}"), "cursor=".to_owned()]
    {
        let response = markets.api.get(&format!("/v1/markets?{query}")).await;
        assert_eq!(response.error(), (400, "INVALID_CURSOR"), "{query}");
    }
    assert_eq!(markets.page(&format!("/v1/markets?cursor={cursor}")).await.0.len(), 2);
}

#[tokio::test]
async fn every_invalid_query_parameter_is_reported() {
    let markets = Markets::new().await;
    let response = markets.api.get("/v1/markets?status=open&limit=1000&sort=sales").await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.fields(), ["limit", "sort", "status"]);
}

#[tokio::test]
async fn search_of_markets_takes_at_most_the_documented_units() {
    let markets = Markets::with(Marketplace::empty().await);
    markets.create_many(200, InitialStatus::Active).await;
    index_names(&markets.marketplace).await;
    for sort in ["-createdAt", "name", "volume"] {
        markets.meter.restart();
        let path = format!("/v1/markets?search=mugs&limit=100&sort={sort}");
        assert_eq!(markets.page(&path).await.0.len(), 100, "{sort}");
        assert!(markets.units() <= MAX_SEARCH_UNITS, "{sort}");
    }
    markets.create_many(1, InitialStatus::Active).await;
    index_names(&markets.marketplace).await;
    markets.meter.restart();
    let refused = markets.api.get("/v1/markets?search=mugs").await;
    assert_eq!((refused.error(), refused.fields()), ((400, "VALIDATION_ERROR"), vec!["search".to_owned()]));
    assert!(markets.units() <= MAX_SEARCH_UNITS);
}

#[tokio::test]
async fn markets_are_searched_by_words_of_the_name_and_sorted() {
    let markets = Markets::with(Marketplace::empty().await);
    markets.marketplace.user(seller(), "Sam").await;
    for name in ["Cups", "mugs", "Mugs and more", "Pots", "Mügs"] {
        let body = serde_json::json!({ "name": name, "currency": "EUR" });
        assert_eq!(markets.create(seller(), &body).await.status, 201);
    }
    index_names(&markets.marketplace).await;
    let names = async |query: &str| {
        let body = markets.api.get(&format!("/v1/markets?{query}")).await.json();
        let names = body["data"].as_array().unwrap().iter().map(|market| text(&market["name"]));
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("sort=name").await, ["Cups", "mugs", "Mugs and more", "Mügs", "Pots"]);
    assert_eq!(names("sort=-name&limit=2").await, ["Pots", "Mügs"]);
    assert_eq!(names("search=MUG&sort=name").await, ["mugs", "Mugs and more", "Mügs"]);
    assert_eq!(names("search=mug").await, ["Mügs", "Mugs and more", "mugs"]);
    assert_eq!(names("search=mor").await, ["Mugs and more"]);
    assert_eq!(names("search=more%20mu").await, ["Mugs and more"]);
    assert_eq!(names("search=ugs").await, Vec::<String>::new(), "only beginnings of words");
    assert_eq!(names("search=!").await, Vec::<String>::new(), "no words");
    assert_eq!(names("sort=createdAt").await, ["Cups", "mugs", "Mugs and more", "Pots", "Mügs"]);
    assert_eq!(names("search=nothing").await, Vec::<String>::new());
    let unknown = markets.api.get("/v1/markets?sort=price;drop&search=").await;
    assert_eq!(unknown.fields(), ["search", "sort"]);
    let first = markets.api.get("/v1/markets?sort=name&limit=2").await.json();
    let cursor = text(&first["pagination"]["nextCursor"]);
    assert_eq!(names(&format!("sort=name&limit=2&cursor={cursor}")).await, ["Mugs and more", "Mügs"]);
    let foreign = markets.api.get(&format!("/v1/markets?sort=-name&limit=2&cursor={cursor}")).await;
    assert_eq!(foreign.code(), "INVALID_CURSOR");
}

#[tokio::test]
async fn markets_are_sorted_by_volume() {
    let markets = Markets::with(Marketplace::empty().await);
    let ids = markets.create_many(5, InitialStatus::Active).await;
    let draft = markets.create_many(1, InitialStatus::Draft).await.remove(0);
    let of = |volumes: [usize; 5]| volumes.map(|at| ids[at].clone()).to_vec();
    let sales =
        [(ids[0].as_str(), 500), (&ids[1], 10_000_000_000), (&ids[2], 0), (&ids[3], 70), (&ids[4], 0)];
    markets.count_sales(&sales).await;
    markets.count_sales(&[(&draft, 1)]).await;
    index_names(&markets.marketplace).await;
    assert_eq!(markets.page("/v1/markets?sort=-volume").await.0, of([1, 0, 3, 4, 2]));
    assert_eq!(markets.page("/v1/markets?sort=volume").await.0, of([2, 4, 3, 0, 1]));
    let (first, next) = markets.page("/v1/markets?sort=-volume&limit=2").await;
    let (second, next) =
        markets.page(&format!("/v1/markets?sort=-volume&limit=2&cursor={}", next.unwrap())).await;
    let (third, last) =
        markets.page(&format!("/v1/markets?sort=-volume&limit=2&cursor={}", next.unwrap())).await;
    assert_eq!([first, second, third].concat(), of([1, 0, 3, 4, 2]));
    assert_eq!(last, None);
    let first_page = markets.api.get("/v1/markets?sort=-volume&limit=1").await.json();
    assert_eq!(
        first_page["data"][0]["volume"],
        serde_json::json!({ "amount": 10_000_000_000_i64, "currency": "EUR" })
    );
    // All names match the search; the matches are sorted by volume in memory.
    assert_eq!(
        markets.page("/v1/markets?search=mugs&sort=-volume&limit=3").await.0,
        of([1, 0, 3, 4, 2])[..3]
    );
    assert_eq!(markets.page("/v1/markets?search=mugs&sort=volume").await.0, of([2, 4, 3, 0, 1]));
    let by_time = markets.api.get("/v1/markets").await.json();
    let volumes: Vec<i64> = by_time["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|market| market["volume"]["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(volumes, [0, 70, 0, 10_000_000_000, 500]);
}

#[tokio::test]
async fn market_is_skipped_if_its_totals_have_a_stale_status() {
    let markets = Markets::with(Marketplace::empty().await);
    let ids = markets.create_many(2, InitialStatus::Active).await;
    markets.count_sales(&[(&ids[0], 2), (&ids[1], 1)]).await;
    markets.marketplace.set_market_status(&ids[0], MarketStatus::Suspended).await;
    assert_eq!(markets.page("/v1/markets?sort=-volume").await.0, [ids[1].clone()]);
}
