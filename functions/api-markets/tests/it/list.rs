//! `GET /v1/markets`.

use std::collections::HashSet;

use serde_json::Value;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::repository::market::MarketReader;
use test_support::fixture::{MARKET, Marketplace, id, new_id, seller};

use super::{Markets, fields};

impl Markets {
    /// Opens `count` markets; says their ids.
    pub(crate) async fn opened(&self, count: usize, status: InitialStatus) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let market = new_id::<Market>().to_string();
            self.scene.market(&market, seller(), status).await;
            ids.push(market);
        }
        ids
    }

    /// One page: its ids, and the next page's cursor.
    async fn page(&self, path: &str) -> (Vec<String>, Option<String>) {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let body = answer.json();
        let ids = body["data"].as_array().unwrap().iter().map(|market| text(&market["id"])).collect();
        (ids, body["pagination"].get("nextCursor").map(text))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_have_neither_gap_nor_repeat_while_markets_are_opened() {
    let markets = Markets::on(Marketplace::empty().await);
    let before: HashSet<String> = markets.opened(45, InitialStatus::Active).await.into_iter().collect();
    let mut seen = Vec::new();
    let mut path = "/v1/markets?limit=10".to_owned();
    loop {
        let (ids, next) = markets.page(&path).await;
        seen.extend(ids);
        markets.opened(2, InitialStatus::Active).await;
        let Some(cursor) = next else { break };
        path = format!("/v1/markets?limit=10&cursor={cursor}");
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {seen:?}");
    assert_eq!(seen.len(), 45);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), before);
}

#[tokio::test]
async fn markets_are_listed_by_their_status_and_drafts_never() {
    let markets = Markets::open().await;
    let drafts = markets.opened(2, InitialStatus::Draft).await;
    let closed = markets.opened(1, InitialStatus::Active).await.remove(0);
    let market = markets.scene.reader.market(id(&closed)).await.unwrap().unwrap();
    markets.scene.move_market(market, MarketStatus::Closed).await;
    for (query, expected) in [
        ("", vec![MARKET.to_owned()]),
        ("?status=active", vec![MARKET.to_owned()]),
        ("?status=closed", vec![closed]),
        ("?status=suspended", vec![]),
    ] {
        assert_eq!(markets.page(&format!("/v1/markets{query}")).await.0, expected, "{query}");
    }
    let answer = markets.get_as(seller(), "/v1/markets?status=draft").await;
    assert_eq!((answer.status.as_u16(), fields(&answer)), (400, vec!["status".to_owned()]));
    assert!(!drafts.iter().any(|draft| String::from_utf8_lossy(&answer.bytes).contains(draft)));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_unchanged() {
    let markets = Markets::open().await;
    markets.opened(11, InitialStatus::Active).await;
    let cursor = markets.page("/v1/markets?limit=10").await.1.unwrap();
    let flipped =
        if cursor.starts_with('b') { cursor.replacen('b', "c", 1) } else { format!("b{}", &cursor[1..]) };
    for query in [format!("status=closed&cursor={cursor}"), format!("cursor={flipped}"), "cursor=".to_owned()]
    {
        let answer = markets.get(&format!("/v1/markets?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_CURSOR"), "{query}");
    }
    assert_eq!(markets.page(&format!("/v1/markets?cursor={cursor}")).await.0.len(), 2);
}

#[tokio::test]
async fn a_query_that_breaks_its_rules_names_every_parameter() {
    let markets = Markets::open().await;
    let answer = markets.get("/v1/markets?status=open&limit=1000&sort=sales").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"));
    assert_eq!(fields(&answer), ["limit", "sort", "status"]);
}

#[tokio::test]
async fn markets_are_found_by_how_their_names_begin_and_put_in_the_order_that_is_asked_for() {
    let markets = Markets::on(Marketplace::empty().await);
    markets.scene.person(seller(), "Sam").await;
    for name in ["Cups", "mugs", "Mugs and more", "Pots", "Mügs"] {
        let body = serde_json::json!({ "name": name, "currency": "EUR" });
        assert_eq!(markets.create(seller(), &[], &body).await.status, 201);
    }
    let names = async |query: &str| {
        let body = markets.get(&format!("/v1/markets?{query}")).await.json();
        let names = body["data"].as_array().unwrap().iter().map(|market| text(&market["name"]));
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("sort=name").await, ["Cups", "mugs", "Mugs and more", "Mügs", "Pots"]);
    assert_eq!(names("sort=-name&limit=2").await, ["Pots", "Mügs"]);
    assert_eq!(names("search=MUG&sort=name").await, ["mugs", "Mugs and more"]);
    assert_eq!(names("search=mug").await, ["Mugs and more", "mugs"]);
    assert_eq!(names("sort=createdAt").await, ["Cups", "mugs", "Mugs and more", "Pots", "Mügs"]);
    assert_eq!(names("search=nothing").await, Vec::<String>::new());
    let unknown = markets.get("/v1/markets?sort=price;drop&search=").await;
    assert_eq!(fields(&unknown), ["search", "sort"]);
    let first = markets.get("/v1/markets?sort=name&limit=2").await.json();
    let cursor = text(&first["pagination"]["nextCursor"]);
    assert_eq!(names(&format!("sort=name&limit=2&cursor={cursor}")).await, ["Mugs and more", "Mügs"]);
    let foreign = markets.get(&format!("/v1/markets?sort=-name&limit=2&cursor={cursor}")).await;
    assert_eq!(foreign.code(), "INVALID_CURSOR");
}

#[tokio::test]
async fn markets_are_ordered_by_what_was_sold_in_them() {
    let markets = Markets::on(Marketplace::empty().await);
    let ids = markets.opened(5, InitialStatus::Active).await;
    let draft = markets.opened(1, InitialStatus::Draft).await.remove(0);
    let of = |volumes: [usize; 5]| volumes.map(|at| ids[at].clone()).to_vec();
    let sales =
        [(ids[0].as_str(), 500), (&ids[1], 10_000_000_000), (&ids[2], 0), (&ids[3], 70), (&ids[4], 0)];
    markets.count_sales(&sales).await;
    markets.count_sales(&[(&draft, 1)]).await;
    assert_eq!(markets.page("/v1/markets?sort=-volume").await.0, of([1, 0, 3, 4, 2]));
    assert_eq!(markets.page("/v1/markets?sort=volume").await.0, of([2, 4, 3, 0, 1]));
    let (first, next) = markets.page("/v1/markets?sort=-volume&limit=2").await;
    let (second, next) =
        markets.page(&format!("/v1/markets?sort=-volume&limit=2&cursor={}", next.unwrap())).await;
    let (third, last) =
        markets.page(&format!("/v1/markets?sort=-volume&limit=2&cursor={}", next.unwrap())).await;
    assert_eq!([first, second, third].concat(), of([1, 0, 3, 4, 2]));
    assert_eq!(last, None);
    let shown = markets.get("/v1/markets?sort=-volume&limit=1").await.json();
    assert_eq!(
        shown["data"][0]["volume"],
        serde_json::json!({ "amount": 10_000_000_000_i64, "currency": "EUR" })
    );
    // Their names begin alike: found by that, and put in the order of their volumes in memory.
    assert_eq!(
        markets.page("/v1/markets?search=mugs&sort=-volume&limit=3").await.0,
        of([1, 0, 3, 4, 2])[..3]
    );
    assert_eq!(markets.page("/v1/markets?search=mugs&sort=volume").await.0, of([2, 4, 3, 0, 1]));
    let by_time = markets.get("/v1/markets").await.json();
    let volumes: Vec<i64> = by_time["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|market| market["volume"]["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(volumes, [0, 70, 0, 10_000_000_000, 500]);
}

#[tokio::test]
async fn a_market_whose_figures_lag_behind_is_not_listed_as_what_it_is_no_longer() {
    let markets = Markets::on(Marketplace::empty().await);
    let ids = markets.opened(2, InitialStatus::Active).await;
    markets.count_sales(&[(&ids[0], 2), (&ids[1], 1)]).await;
    let market = markets.scene.reader.market(id(&ids[0])).await.unwrap().unwrap();
    markets.scene.move_market(market, MarketStatus::Suspended).await;
    assert_eq!(markets.page("/v1/markets?sort=-volume").await.0, [ids[1].clone()]);
}
