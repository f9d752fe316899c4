//! `GET /v1/events`.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::Value;
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketId};
use shared::domain::order::cancel::CancelOrder;
use shared::kit::aws::dynamodb::read::event_log::EventList;
use shared::kit::command::Key;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{MARKET, ORDER, PRODUCT, buyer, id, moderator, new_id, seller};
use test_support::lambda_event::masked;

use super::{Events, ids, of_market};

impl Events {
    /// Response of the list to the seller.
    async fn list(&self, path: &str) -> Value {
        let response = self.api.get(path).by(seller()).await;
        assert_eq!(response.status, 200, "{path}");
        response.json()
    }

    /// Ids of the events on all pages of two.
    async fn paged(&self, filter: &str) -> Vec<String> {
        let (mut paged, mut path) = (Vec::new(), of_market(&format!("{filter}&limit=2")));
        loop {
            let page = self.list(&path).await;
            assert!(ids(&page).len() <= 2);
            paged.extend(ids(&page));
            let Some(cursor) = page["pagination"]["nextCursor"].as_str() else { return paged };
            path = of_market(&format!("{filter}&limit=2&cursor={cursor}"));
        }
    }
}

#[tokio::test]
async fn events_are_listed_newest_first_with_their_envelope() {
    let events = Events::open().await;
    events.marketplace.order(None).await;
    events.marketplace.log_events().await;
    let page = events.list(&of_market("")).await;
    for subject in [ORDER, MARKET, PRODUCT] {
        assert!(ids(&page).contains(&format!("{subject}.1")), "{page}");
    }
    let listed = page["data"].as_array().unwrap();
    let times: Vec<&str> = listed.iter().map(|event| event["occurredAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let an_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
    let recent = events.list(&of_market(&format!("&after={an_hour_ago}"))).await;
    assert_eq!((&recent["data"], &recent["pagination"]["nextCursor"]), (&page["data"], &Value::Null));
    let created = events.list(&of_market("&type=order.created")).await;
    assert_json_snapshot!("order-created", masked(&created["data"][0], None));
}

#[tokio::test]
async fn type_subject_and_time_narrow_the_list() {
    let events = Events::open().await;
    let [placed_at, cancelled_at] =
        [2, 1].map(|seconds| SystemClock.now().saturating_sub(Duration::from_secs(seconds)));
    events.marketplace.order_at(placed_at, id(ORDER), None).await;
    let cancel = CancelOrder { id: id(ORDER), by: buyer(), reason: None };
    events.marketplace.run_at(cancelled_at, cancel).await;
    events.marketplace.log_events().await;
    let [placed, cancelled] = [1, 2].map(|version| format!("{ORDER}.{version}"));
    let created = events.list(&of_market("&type=order.created")).await;
    assert_eq!(ids(&created), [&*placed]);
    let of_order = of_market(&format!("&subject={ORDER}"));
    assert_eq!(ids(&events.list(&of_order).await), [cancelled.clone(), placed.clone()]);
    let later = events.list(&format!("{of_order}&after={cancelled_at}")).await;
    assert_eq!(ids(&later), [cancelled]);
    let earlier = events.list(&format!("{of_order}&after={placed_at}&before={cancelled_at}")).await;
    assert_eq!(ids(&earlier), [placed]);
}

#[tokio::test]
async fn pages_by_cursor_contain_each_event_once() {
    let events = Events::open().await;
    events.marketplace.place_orders(7).await;
    events.marketplace.log_events().await;
    let all = ids(&events.list(&of_market("&limit=100")).await);
    for (filter, expected) in [("", all.len()), ("&type=order.created", 7)] {
        let mut paged = events.paged(filter).await;
        assert_eq!(paged.len(), expected, "{filter}");
        assert!(paged.iter().all(|id| all.contains(id)), "{filter}");
        paged.sort();
        paged.dedup();
        assert_eq!(paged.len(), expected, "{filter}");
    }
}

#[tokio::test]
async fn pages_continue_over_days_without_events() {
    let events = Events::open().await;
    let [retained, expired] =
        [20, 31].map(|days| SystemClock.now().saturating_sub(Duration::from_hours(24 * days)));
    events.marketplace.order_at(retained, id(ORDER), None).await;
    events.marketplace.order_at(expired, new_id(), None).await;
    events.marketplace.log_events().await;
    let oldest = format!("{ORDER}.1");
    let first = events.list(&of_market("&limit=100")).await;
    assert!(!ids(&first).contains(&oldest), "a page reads a limited number of days");
    assert!(first["pagination"]["nextCursor"].is_string(), "{first}");
    assert_eq!(events.paged("").await.last(), Some(&oldest));
}

#[tokio::test]
async fn damaged_event_hides_no_other() {
    let events = Events::open().await;
    let yesterday = SystemClock.now().saturating_sub(Duration::from_hours(24));
    events.marketplace.order_at(yesterday, id(ORDER), None).await;
    events.marketplace.place_orders(5).await;
    events.marketplace.log_events().await;
    let list = EventList { scope: Some(MARKET.to_owned()), ..EventList::default() };
    let reader = &events.marketplace.reader;
    let logged = reader.logged_events(&list, SystemClock.now(), &PageRequest::first(100)).await.unwrap();
    let mut expected: Vec<String> = logged.items.iter().map(|event| event.event_id().to_owned()).collect();
    let damaged = &logged.items[0];
    let key = Key { pk: damaged.pk.clone(), sk: damaged.sk.clone() };
    events.marketplace.damage_attribute(&key, "body").await;
    expected.remove(0);
    assert_eq!(events.paged("").await, expected);
}

#[tokio::test]
async fn seller_lists_only_events_of_own_markets() {
    let events = Events::open().await;
    let other: MarketId = new_id();
    events.marketplace.market(&other.to_string(), buyer(), InitialStatus::Active).await;
    events.marketplace.log_events().await;
    let foreign = format!("/v1/events?marketId={other}");
    assert_eq!(events.api.get(&foreign).by(seller()).await.error(), (404, "NOT_FOUND"));
    let absent = format!("/v1/events?marketId={}", new_id::<Market>());
    assert_eq!(events.api.get(&absent).by(seller()).await.error(), (404, "NOT_FOUND"));
    // The subject belongs to another market.
    let of_other = events.list(&of_market(&format!("&subject={other}"))).await;
    assert!(ids(&of_other).is_empty());
    for path in ["/v1/events".to_owned(), format!("/v1/events?subject={other}")] {
        let refused = events.api.get(&path).by(seller()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"));
        assert!(refused.json()["error"]["fields"]["marketId"].is_string(), "{path}");
    }
    let of_own = events.api.get(&foreign).by(buyer()).await;
    assert_eq!(ids(&of_own.json()), [format!("{other}.1")]);
}

#[tokio::test]
async fn operator_lists_the_platform_and_any_market() {
    let events = Events::open().await;
    let platform = events.api.get("/v1/events").by(moderator()).await.json();
    assert!(!ids(&platform).is_empty());
    let types = platform["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap());
    assert!(types.into_iter().all(|name| name.starts_with("user.")), "{platform}");
    let market = events.api.get(&of_market("")).by(moderator()).await.json();
    assert!(ids(&market).contains(&format!("{MARKET}.1")));
    let subject = events.api.get(&format!("/v1/events?subject={MARKET}")).by(moderator()).await.json();
    assert_eq!(ids(&subject), [format!("{MARKET}.1")]);
}

#[tokio::test]
async fn invalid_parameters_are_reported_together() {
    let events = Events::open().await;
    let path = "/v1/events?marketId=shop&type=order&subject=x&after=monday&before=0&limit=0&page=1";
    let refused = events.api.get(path).by(seller()).await;
    assert_eq!(refused.error(), (400, "VALIDATION_ERROR"));
    let fields = refused.json()["error"]["fields"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields, ["after", "before", "limit", "marketId", "page", "subject", "type"]);
}
