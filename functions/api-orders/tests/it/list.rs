//! `GET /v1/orders`.

use std::collections::HashSet;

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::order::{Order, OrderId};
use shared::kit::command::Record;
use shared::kit::system::clock::Timestamp;
use shared::projections::list_total::ListKey;
use shared::repository::table_layout::partitions;
use test_support::fixture::{MARKET, PRODUCT, buyer, id, moderator, new_id, seller, stranger};
use test_support::lambda_event::page_ids;

use super::Orders;

impl Orders {
    /// Places `count` orders and returns their ids, oldest first.
    async fn place_many(&self, count: usize) -> Vec<OrderId> {
        self.marketplace.place_orders(count).await.iter().map(|order| order.id).collect()
    }

    /// Reads a page of the buyer's orders; returns their ids and the path of the next page.
    async fn page(&self, path: &str) -> (Vec<String>, Option<String>) {
        let response = self.api.get(path).by(buyer()).await;
        assert_eq!(response.status, 200, "{}", response.json());
        let body = response.json();
        let ids = page_ids(&body);
        assert!(ids.len() <= 10);
        let next = body["pagination"].get("nextCursor").map(text);
        (ids, next.map(|cursor| format!("/v1/orders?limit=10&cursor={cursor}")))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_have_no_gaps_or_repeats_while_orders_are_placed() {
    let orders = Orders::new().await;
    let before: HashSet<String> = orders.place_many(45).await.iter().map(ToString::to_string).collect();
    let mut ids_read: Vec<String> = Vec::new();
    let mut next = Some("/v1/orders?limit=10".to_owned());
    while let Some(path) = next {
        let (ids, next_path) = orders.page(&path).await;
        ids_read.extend(ids);
        next = next_path;
        orders.place_many(3).await;
    }
    assert!(ids_read.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {ids_read:?}");
    assert_eq!(ids_read.len(), 45);
    assert_eq!(ids_read.into_iter().collect::<HashSet<_>>(), before);
}

#[tokio::test]
async fn list_contains_only_orders_of_the_caller() {
    let orders = Orders::new().await;
    orders.place_many(2).await;
    for other in [seller(), stranger()] {
        let body = orders.api.get("/v1/orders").by(other).await.json();
        assert_eq!(body, serde_json::json!({ "data": [], "pagination": { "limit": 20, "total": 0 } }));
    }
    let mine = orders.api.get("/v1/orders?limit=100").by(buyer()).await.json();
    assert_eq!(mine["data"].as_array().unwrap().len(), 2);
    assert_eq!(mine["pagination"], serde_json::json!({ "limit": 100, "total": 2 }));
}

#[tokio::test]
async fn cursor_is_valid_only_unchanged_and_for_its_caller() {
    let orders = Orders::new().await;
    orders.place_many(11).await;
    let (_, next) = orders.page("/v1/orders?limit=10").await;
    let next = next.unwrap();
    let foreign = orders.api.get(&next).by(stranger()).await;
    assert_eq!(foreign.error(), (400, "INVALID_CURSOR"));
    let cursor = next.split_once("cursor=").unwrap().1;
    let mut flipped = cursor.to_owned().into_bytes();
    flipped[5] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    for cursor in
        [flipped.as_str(), "", "x", "a.b", &cursor[..cursor.len() - 1], &format!("{cursor}.{cursor}")]
    {
        let response = orders.api.get(&format!("/v1/orders?cursor={cursor}")).by(buyer()).await;
        assert_eq!(response.error(), (400, "INVALID_CURSOR"), "{cursor}");
    }
    assert_eq!(orders.api.get(&next).by(buyer()).await.status, 200);
}

#[tokio::test]
async fn every_invalid_query_parameter_is_reported() {
    let orders = Orders::new().await;
    for limit in ["0", "101", "-1", "ten", "1.5", ""] {
        let response = orders.api.get(&format!("/v1/orders?limit={limit}&colour=red")).by(buyer()).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{limit}");
        assert_eq!(response.fields(), ["colour", "limit"], "{limit}");
    }
    let twice = orders.api.get("/v1/orders?limit=1&limit=2").by(buyer()).await;
    assert_eq!((twice.status.as_u16(), twice.fields()), (400, vec!["limit".to_owned()]));
}

#[tokio::test]
async fn orders_of_a_market_are_visible_to_creator_and_moderators() {
    let orders = Orders::new().await;
    let placed = orders.place_many(3).await;
    let path = format!("/v1/orders?marketId={MARKET}");
    for allowed in [seller(), moderator()] {
        let response = orders.api.get(&path).by(allowed).await;
        assert_eq!(response.status, 200, "{}", response.json());
        assert_eq!(
            page_ids(&response.json()),
            placed.iter().rev().map(ToString::to_string).collect::<Vec<_>>()
        );
    }
    for other in [buyer(), stranger()] {
        let response = orders.api.get(&path).by(other).await;
        assert_eq!(response.error(), (403, "FORBIDDEN"));
    }
    let draft = new_id::<Market>().to_string();
    orders.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    let (own, hidden) = (
        orders.api.get(&format!("/v1/orders?marketId={draft}")).by(seller()).await,
        orders.api.get(&format!("/v1/orders?marketId={draft}")).by(stranger()).await,
    );
    assert_eq!((own.status.as_u16(), hidden.status.as_u16()), (200, 404));
    let absent = orders.api.get(&format!("/v1/orders?marketId={}", new_id::<Market>())).by(seller()).await;
    assert_eq!(absent.status, 404);
}

#[tokio::test]
async fn lists_filtered_by_status_have_full_pages() {
    let orders = Orders::new().await;
    let placed = orders.place_many(30).await;
    let cancelled: Vec<String> = placed.iter().step_by(3).rev().map(ToString::to_string).collect();
    for id in &cancelled {
        assert_eq!(
            orders.api.post(&format!("/v1/orders/{id}/cancel")).by(buyer()).json(&json!({})).await.status,
            200
        );
    }
    for (reader, list) in [(buyer(), String::new()), (seller(), format!("&marketId={MARKET}"))] {
        let (mut ids_read, mut cursor) = (Vec::new(), String::new());
        for page in 0..3 {
            let path = format!("/v1/orders?status=cancelled&limit=4{list}{cursor}");
            let body = orders.api.get(&path).by(reader).await.json();
            let found = page_ids(&body);
            assert_eq!(found.len(), if page < 2 { 4 } else { 2 });
            ids_read.extend(found);
            cursor = format!("&cursor={}", body["pagination"]["nextCursor"].as_str().unwrap_or_default());
        }
        assert_eq!(ids_read, cancelled);
    }
    let response = orders.api.get("/v1/orders?status=lost&marketId=mine").by(buyer()).await;
    assert_eq!(
        (response.status.as_u16(), response.fields()),
        (400, vec!["marketId".to_owned(), "status".to_owned()])
    );
}

#[tokio::test]
async fn cursor_is_bound_to_the_status_filter() {
    let orders = Orders::new().await;
    orders.place_many(3).await;
    let page = orders.api.get("/v1/orders?status=pending&limit=1").by(buyer()).await.json();
    let cursor = text(&page["pagination"]["nextCursor"]);
    for list in ["status=pending", "status=cancelled", ""] {
        let response =
            orders.api.get(&format!("/v1/orders?{list}&limit=1&cursor={cursor}")).by(buyer()).await;
        assert_eq!(response.status, if list == "status=pending" { 200 } else { 400 }, "{list}");
    }
}

#[tokio::test]
async fn filtered_list_is_the_same_by_page_and_by_offset() {
    let orders = Orders::new().await;
    let placed = orders.place_many(30).await;
    let mut cancelled: Vec<String> = placed.iter().step_by(3).rev().map(ToString::to_string).collect();
    for id in &cancelled {
        orders.api.post(&format!("/v1/orders/{id}/cancel")).by(buyer()).json(&json!({})).await;
    }
    let mut all: Vec<String> = placed.iter().rev().map(ToString::to_string).collect();
    for (list, whole) in [("status=cancelled", &mut cancelled), ("", &mut all)] {
        let ids = async |query: &str| {
            let body = orders.api.get(&format!("/v1/orders?{list}&limit=4&{query}")).by(buyer()).await.json();
            let found = body["data"].as_array().unwrap_or_else(|| panic!("{query}: {body}")).iter();
            found.map(|order| text(&order["id"])).collect::<Vec<_>>()
        };
        for (page, expected) in whole.chunks(4).enumerate() {
            assert_eq!(ids(&format!("page={}", page + 1)).await, expected, "{list} {page}");
        }
        for offset in [0, 1, 7, whole.len() - 1, whole.len(), whole.len() + 5] {
            let rest = &whole[offset.min(whole.len())..];
            assert_eq!(ids(&format!("offset={offset}")).await, rest[..rest.len().min(4)], "{list} {offset}");
        }
    }
}

#[tokio::test]
async fn list_returns_the_total_with_and_without_a_status() {
    let orders = Orders::new().await;
    orders.place_many(2).await;
    let (bought, sold) = (partitions::orders_of(buyer().user), partitions::orders_in(id(MARKET)));
    for (list, count) in [
        (ListKey::of(bought.clone()), 40),
        (ListKey::with_status(&bought, "pending"), 30),
        (ListKey::of(sold.clone()), 500),
        (ListKey::with_status(&sold, "shipped"), 12),
    ] {
        orders.marketplace.add_to_list_total(list, count).await;
    }
    for (by, query, total) in [
        (buyer(), "", 40),
        (buyer(), "?status=pending", 30),
        (buyer(), "?status=shipped", 0),
        (seller(), &format!("?marketId={MARKET}"), 500),
        (seller(), &format!("?marketId={MARKET}&status=shipped"), 12),
        (seller(), &format!("?marketId={MARKET}&status=pending"), 2),
    ] {
        let body = orders.api.get(&format!("/v1/orders{query}")).by(by).await.json();
        assert_eq!(body["pagination"]["total"], total, "{query}");
    }
}

#[tokio::test]
async fn orders_of_a_period_are_listed_in_both_directions() {
    let orders = Orders::new().await;
    let placed = orders.place_many(12).await;
    let time = |order: &OrderId| text(&orders_time(*order));
    // Ids of one millisecond cannot be separated by time.
    let (from, to) = (time(&placed[3]), time(&placed[9]));
    let within: Vec<String> = placed
        .iter()
        .filter(|order| (from.clone()..to.clone()).contains(&time(order)))
        .map(ToString::to_string)
        .collect();
    let (from, to) = (from.replace(':', "%3A"), to.replace(':', "%3A"));
    for (sort, expected) in
        [("createdAt", within.clone()), ("-createdAt", within.iter().rev().cloned().collect::<Vec<_>>())]
    {
        for limit in [1, 2, 100] {
            let query = format!("from={from}&to={to}&sort={sort}&limit={limit}");
            let (mut listed, mut cursor) = (Vec::new(), String::new());
            loop {
                let body = orders.api.get(&format!("/v1/orders?{query}{cursor}")).by(buyer()).await.json();
                assert_eq!(body["pagination"]["total"], expected.len(), "{query}");
                listed.extend(page_ids(&body));
                let Some(next) = body["pagination"]["nextCursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(listed, expected, "{query}");
        }
    }
    let sold = format!("/v1/orders?marketId={MARKET}&from={from}&to={to}&sort=createdAt");
    assert_eq!(page_ids(&orders.api.get(&sold).by(seller()).await.json()), within);
    let reversed = orders.api.get(&format!("/v1/orders?from={to}&to={from}")).by(buyer()).await;
    assert_eq!(reversed.fields(), ["to"]);
}

/// Time at which an order was placed, read from its id.
fn orders_time(order: OrderId) -> Value {
    let millis = ulid_millis(&order.to_string());
    serde_json::to_value(Timestamp::from_millis(millis)).unwrap()
}

/// Milliseconds in the first ten characters of the id, in Crockford's base 32.
fn ulid_millis(id: &str) -> i64 {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |c: char| i64::try_from(DIGITS.find(c).unwrap()).unwrap();
    id.split_once('_').unwrap().1.chars().take(10).fold(0, |millis, c| millis * 32 + digit(c))
}

#[tokio::test]
async fn orders_are_sorted_by_total_up_to_a_limit() {
    let orders = Orders::new().await;
    let mut totals = Vec::new();
    for quantity in [3, 1, 2, 1] {
        let order = orders.marketplace.order_of(new_id(), id(PRODUCT), quantity, None).await;
        totals.push((order.total().amount(), order.id.to_string()));
    }
    totals.sort();
    let ascending: Vec<String> = totals.into_iter().map(|(_, id)| id).collect();
    let descending: Vec<String> = ascending.iter().rev().cloned().collect();
    for (sort, expected) in [("total", ascending), ("-total", descending)] {
        let first = orders.api.get(&format!("/v1/orders?sort={sort}&limit=3")).by(buyer()).await.json();
        assert_eq!(page_ids(&first), expected[..3]);
        assert_eq!(first["pagination"]["total"], 4);
        let cursor = text(&first["pagination"]["nextCursor"]);
        let rest =
            orders.api.get(&format!("/v1/orders?sort={sort}&limit=3&cursor={cursor}")).by(buyer()).await;
        assert_eq!(page_ids(&rest.json()), expected[3..]);
    }
    let unknown = orders.api.get("/v1/orders?sort=status").by(buyer()).await;
    assert_eq!(unknown.fields(), ["sort"]);
}

#[tokio::test]
async fn summary_that_cannot_be_parsed_is_left_out_of_the_list() {
    let orders = Orders::new().await;
    let placed = orders.place_many(3).await;
    orders.marketplace.damage_attribute(&Order::key(&placed[1]), "summary").await;
    let (ids, _) = orders.page("/v1/orders?limit=10").await;
    assert_eq!(ids, [placed[2].to_string(), placed[0].to_string()]);
}

#[tokio::test]
async fn orders_of_a_deleted_market_remain_readable() {
    let orders = Orders::new().await;
    let placed: Vec<String> = orders.place_many(3).await.iter().rev().map(ToString::to_string).collect();
    orders.marketplace.delete_market().await;
    let path = format!("/v1/orders?marketId={MARKET}");
    for allowed in [seller(), moderator()] {
        let response = orders.api.get(&path).by(allowed).await;
        assert_eq!(response.status, 200, "{}", response.json());
        assert_eq!(page_ids(&response.json()), placed);
    }
    assert_eq!(orders.api.get(&path).by(stranger()).await.error(), (404, "NOT_FOUND"));
    assert_eq!(orders.page("/v1/orders?limit=10").await.0, placed);
    let unknown = format!("/v1/orders?marketId={}", new_id::<Market>());
    assert_eq!(orders.api.get(&unknown).by(moderator()).await.error(), (404, "NOT_FOUND"));
}
