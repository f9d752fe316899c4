//! `GET /v1/orders`.

use std::collections::HashSet;

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::order::OrderId;
use shared::projections::list_total::ListKey;
use shared::repository::table_layout::partitions;
use test_support::fixture::{MARKET, PRODUCT, buyer, moderator, new_id, seller, stranger};

use super::{Orders, fields};

impl Orders {
    /// Places `count` orders; says their ids, in the order of their placing.
    async fn placed(&self, count: usize) -> Vec<OrderId> {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let id = new_id();
            self.scene.order_of(id, test_support::fixture::id(PRODUCT), 1, None).await;
            ids.push(id);
        }
        ids
    }

    /// One page of the buyer's orders: their ids, and the next page's path.
    async fn page(&self, path: &str) -> (Vec<String>, Option<String>) {
        let answer = self.get(buyer(), path).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let body = answer.json();
        assert!(body["data"].as_array().unwrap().len() <= 10);
        let ids = body["data"].as_array().unwrap().iter().map(|order| text(&order["id"])).collect();
        let next = body["pagination"].get("nextCursor").map(text);
        (ids, next.map(|cursor| format!("/v1/orders?limit=10&cursor={cursor}")))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_have_neither_gap_nor_repeat_while_orders_are_placed() {
    let orders = Orders::open().await;
    let before: HashSet<String> = orders.placed(45).await.iter().map(ToString::to_string).collect();
    let mut seen: Vec<String> = Vec::new();
    let mut next = Some("/v1/orders?limit=10".to_owned());
    while let Some(path) = next {
        let (ids, following) = orders.page(&path).await;
        seen.extend(ids);
        next = following;
        orders.placed(3).await;
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {seen:?}");
    assert_eq!(seen.len(), 45);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), before);
}

#[tokio::test]
async fn a_list_holds_what_the_caller_bought_and_nothing_else() {
    let orders = Orders::open().await;
    orders.placed(2).await;
    for nobody in [seller(), stranger()] {
        let body = orders.get(nobody, "/v1/orders").await.json();
        assert_eq!(body, serde_json::json!({ "data": [], "pagination": { "limit": 20, "total": 0 } }));
    }
    let mine = orders.get(buyer(), "/v1/orders?limit=100").await.json();
    assert_eq!(mine["data"].as_array().unwrap().len(), 2);
    assert_eq!(mine["pagination"], serde_json::json!({ "limit": 100, "total": 2 }));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_caller_and_unchanged() {
    let orders = Orders::open().await;
    orders.placed(11).await;
    let (_, next) = orders.page("/v1/orders?limit=10").await;
    let next = next.unwrap();
    let foreign = orders.get(stranger(), &next).await;
    assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (400, "INVALID_CURSOR"));
    let cursor = next.split_once("cursor=").unwrap().1;
    let mut flipped = cursor.to_owned().into_bytes();
    flipped[5] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    for cursor in
        [flipped.as_str(), "", "x", "a.b", &cursor[..cursor.len() - 1], &format!("{cursor}.{cursor}")]
    {
        let answer = orders.get(buyer(), &format!("/v1/orders?cursor={cursor}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_CURSOR"), "{cursor}");
    }
    assert_eq!(orders.get(buyer(), &next).await.status, 200);
}

#[tokio::test]
async fn a_query_that_breaks_its_rules_names_every_parameter() {
    let orders = Orders::open().await;
    for limit in ["0", "101", "-1", "ten", "1.5", ""] {
        let answer = orders.get(buyer(), &format!("/v1/orders?limit={limit}&colour=red")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"), "{limit}");
        assert_eq!(fields(&answer), ["colour", "limit"], "{limit}");
    }
    let twice = orders.get(buyer(), "/v1/orders?limit=1&limit=2").await;
    assert_eq!((twice.status.as_u16(), fields(&twice)), (400, vec!["limit".to_owned()]));
}

#[tokio::test]
async fn a_market_s_orders_are_for_whom_runs_it() {
    let orders = Orders::open().await;
    let placed = orders.placed(3).await;
    let path = format!("/v1/orders?marketId={MARKET}");
    for allowed in [seller(), moderator()] {
        let answer = orders.get(allowed, &path).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let ids: Vec<String> =
            answer.json()["data"].as_array().unwrap().iter().map(|order| text(&order["id"])).collect();
        assert_eq!(ids, placed.iter().rev().map(ToString::to_string).collect::<Vec<_>>());
    }
    for other in [buyer(), stranger()] {
        let answer = orders.get(other, &path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "FORBIDDEN"));
    }
    let draft = new_id::<Market>().to_string();
    orders.scene.market(&draft, seller(), InitialStatus::Draft).await;
    let (own, hidden) = (
        orders.get(seller(), &format!("/v1/orders?marketId={draft}")).await,
        orders.get(stranger(), &format!("/v1/orders?marketId={draft}")).await,
    );
    assert_eq!((own.status.as_u16(), hidden.status.as_u16()), (200, 404));
    let absent = orders.get(seller(), &format!("/v1/orders?marketId={}", new_id::<Market>())).await;
    assert_eq!(absent.status, 404);
}

#[tokio::test]
async fn both_lists_can_be_narrowed_to_a_status_and_still_come_in_full_pages() {
    let orders = Orders::open().await;
    let placed = orders.placed(30).await;
    let cancelled: Vec<String> = placed.iter().step_by(3).rev().map(ToString::to_string).collect();
    for id in &cancelled {
        assert_eq!(
            orders.post(buyer(), &format!("/v1/orders/{id}/cancel"), &[], &json!({})).await.status,
            200
        );
    }
    for (who, list) in [(buyer(), String::new()), (seller(), format!("&marketId={MARKET}"))] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for page in 0..3 {
            let path = format!("/v1/orders?status=cancelled&limit=4{list}{cursor}");
            let body = orders.get(who, &path).await.json();
            let found = body["data"].as_array().unwrap();
            assert_eq!(found.len(), if page < 2 { 4 } else { 2 });
            seen.extend(found.iter().map(|order| text(&order["id"])));
            cursor = format!("&cursor={}", body["pagination"]["nextCursor"].as_str().unwrap_or_default());
        }
        assert_eq!(seen, cancelled);
    }
    let answer = orders.get(buyer(), "/v1/orders?status=lost&marketId=mine").await;
    assert_eq!(
        (answer.status.as_u16(), fields(&answer)),
        (400, vec!["marketId".to_owned(), "status".to_owned()])
    );
}

#[tokio::test]
async fn a_cursor_of_one_status_is_none_of_another() {
    let orders = Orders::open().await;
    orders.placed(3).await;
    let page = orders.get(buyer(), "/v1/orders?status=pending&limit=1").await.json();
    let cursor = text(&page["pagination"]["nextCursor"]);
    for list in ["status=pending", "status=cancelled", ""] {
        let answer = orders.get(buyer(), &format!("/v1/orders?{list}&limit=1&cursor={cursor}")).await;
        assert_eq!(answer.status, if list == "status=pending" { 200 } else { 400 }, "{list}");
    }
}

#[tokio::test]
async fn a_list_of_one_status_is_the_same_by_number_by_offset_and_by_cursor() {
    let orders = Orders::open().await;
    let placed = orders.placed(30).await;
    let mut cancelled: Vec<String> = placed.iter().step_by(3).rev().map(ToString::to_string).collect();
    for id in &cancelled {
        orders.post(buyer(), &format!("/v1/orders/{id}/cancel"), &[], &json!({})).await;
    }
    let mut all: Vec<String> = placed.iter().rev().map(ToString::to_string).collect();
    for (list, whole) in [("status=cancelled", &mut cancelled), ("", &mut all)] {
        let ids = async |query: &str| {
            let body = orders.get(buyer(), &format!("/v1/orders?{list}&limit=4&{query}")).await.json();
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
async fn a_list_says_how_many_orders_there_are_in_all_and_of_a_status() {
    let orders = Orders::open().await;
    orders.placed(2).await;
    let (bought, sold) =
        (partitions::orders_of(buyer().user), partitions::orders_in(test_support::fixture::id(MARKET)));
    for (list, count) in [
        (ListKey::of(bought.clone()), 40),
        (ListKey::with_status(&bought, "pending"), 30),
        (ListKey::of(sold.clone()), 500),
        (ListKey::with_status(&sold, "shipped"), 12),
    ] {
        orders.scene.counted(list, count).await;
    }
    for (by, query, total) in [
        (buyer(), "", 40),
        (buyer(), "?status=pending", 30),
        (buyer(), "?status=shipped", 0),
        (seller(), &format!("?marketId={MARKET}"), 500),
        (seller(), &format!("?marketId={MARKET}&status=shipped"), 12),
        (seller(), &format!("?marketId={MARKET}&status=pending"), 2),
    ] {
        let body = orders.get(by, &format!("/v1/orders{query}")).await.json();
        assert_eq!(body["pagination"]["total"], total, "{query}");
    }
}

#[tokio::test]
async fn an_order_is_shown_with_the_fields_that_are_named() {
    let orders = Orders::open().await;
    let order = orders.scene.order(None).await;
    let expected = json!({ "status": "pending", "total": { "amount": 3_998, "currency": "EUR" } });
    let one = orders.get(buyer(), &format!("/v1/orders/{}?fields=total,status", order.id)).await;
    assert_eq!(one.json()["data"], expected);
    let list = orders.get(buyer(), "/v1/orders?fields=total,status").await;
    assert_eq!(list.json()["data"], json!([expected]));
    for path in [format!("/v1/orders/{}", order.id), "/v1/orders".to_owned()] {
        let refused = orders.get(buyer(), &format!("{path}?fields=status,lines")).await;
        assert_eq!((refused.status.as_u16(), fields(&refused)), (400, vec!["fields".to_owned()]));
    }
}
