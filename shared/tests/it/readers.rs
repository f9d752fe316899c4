//! What queries see: the readers of the repositories.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::order::OrderId;
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::attempts::RecordFailedAttempt;
use shared::domain::product::{Product, Stock};
use shared::domain::user::UserId;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::Store;
use shared::kit::command::page::{ListPage, PageRequest, Start};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::projections::list_total::ListKey;
use shared::repository::cached::CachedReader;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use shared::repository::order::{OrderList, OrderReader};
use shared::repository::product::ProductReader;
use shared::repository::projections::list_total::TotalReader;
use shared::repository::table_layout::partitions::{EXPIRY_SHARDS, expiry_shard};
use shared::repository::table_layout::sorted_list::{SortKey, SortOrder};
use shared::repository::user::UserReader;
use test_support::Marketplace;
use test_support::fixture::{MARKET, ORDER, PRODUCT, STRANGER, buyer, id, new_id, seller, stranger};
use test_support::read_units::ReadUnitMeter;

fn newest_of(status: MarketStatus) -> MarketList {
    let order = MarketSortOrder::By(SortOrder { by: SortKey::CreatedAt, descending: true });
    MarketList { status, search: None, order }
}

/// What follows a slice that has a next.
fn behind<T>(limit: u32, slice: &ListPage<T>) -> PageRequest {
    PageRequest { limit, start: Start::After(slice.next.clone().unwrap()) }
}

#[tokio::test]
async fn a_market_is_found_or_absent() {
    let scene = Marketplace::open().await;
    let found = scene.reader.market(id(MARKET)).await.unwrap().unwrap();
    assert_eq!((found.id, found.creator_id), (id(MARKET), seller().user));
    assert_eq!(scene.reader.market(new_id()).await.unwrap(), None);
}

#[tokio::test]
async fn markets_are_listed_by_status_newest_first_and_change_lists_with_it() {
    let scene = Marketplace::empty().await;
    let mut ids = Vec::new();
    for status in [InitialStatus::Active, InitialStatus::Draft, InitialStatus::Active, InitialStatus::Active]
    {
        let market = new_id::<Market>().to_string();
        ids.push(scene.market(&market, seller(), status).await);
    }
    let listed = async |status: MarketStatus| -> Vec<_> {
        let page = scene.reader.markets(&newest_of(status), &PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|found| found.market.id).collect()
    };
    let newest_first = |mut expected: Vec<_>| {
        expected.sort();
        expected.reverse();
        expected
    };
    assert_eq!(listed(MarketStatus::Active).await, newest_first(vec![ids[0].id, ids[2].id, ids[3].id]));
    assert_eq!(listed(MarketStatus::Draft).await, [ids[1].id]);
    let moved = ids.remove(2);
    scene.move_market(moved.clone(), MarketStatus::Suspended).await;
    assert_eq!(listed(MarketStatus::Active).await, newest_first(vec![ids[0].id, ids[2].id]));
    assert_eq!(listed(MarketStatus::Suspended).await, [moved.id]);
    assert!(listed(MarketStatus::Closed).await.is_empty());
}

#[tokio::test]
async fn a_product_is_found_with_its_stock_or_absent() {
    let scene = Marketplace::open().await;
    let found = scene.reader.product(id(PRODUCT)).await.unwrap().unwrap();
    assert_eq!(found.product.id, id(PRODUCT));
    assert_eq!(found.stock, Stock { available: 10, reserved: 0, sold: 0 });
    assert_eq!(scene.reader.product(new_id()).await.unwrap(), None);
}

#[tokio::test]
async fn products_of_a_market_are_listed_newest_first_each_with_its_own_stock() {
    let scene = Marketplace::open().await;
    let other = new_id::<Market>().to_string();
    scene.market(&other, stranger(), InitialStatus::Active).await;
    scene.product(&new_id::<Product>().to_string(), &other, stranger(), ("MUG-1", 1, 1)).await;
    for pieces in 1..=7 {
        let product = new_id::<Product>().to_string();
        scene.product(&product, MARKET, seller(), (&format!("CUP-{pieces}"), 100, pieces)).await;
    }
    let first = scene.reader.products_of(id(MARKET), &PageRequest::first(5)).await.unwrap();
    let second = scene.reader.products_of(id(MARKET), &behind(5, &first)).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (5, 3, None));
    let all: Vec<_> = first.items.into_iter().chain(second.items).collect();
    assert!(all.windows(2).all(|pair| pair[0].product.id > pair[1].product.id));
    for listed in &all {
        let pieces = match listed.product.sku.as_str() {
            "MUG-1" => 10,
            cup => cup.trim_start_matches("CUP-").parse().unwrap(),
        };
        assert_eq!(listed.stock.available, pieces, "{}", listed.product.sku.as_str());
    }
    let none = scene.reader.products_of(new_id(), &PageRequest::first(5)).await.unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
}

#[tokio::test]
async fn an_order_is_found_with_or_without_attempts_or_absent() {
    let scene = Marketplace::open().await;
    let order = scene.order(None).await;
    assert_eq!(scene.reader.order(order.id).await.unwrap().as_ref(), Some(&order));
    assert_eq!(scene.reader.order_with_attempts(order.id).await.unwrap(), (Some(order.clone()), None));
    let next_at = SystemClock.now();
    scene
        .run(RecordFailedAttempt { order_id: order.id, step: "charging", error: "no", next_at, made: true })
        .await;
    let (found, attempts) = scene.reader.order_with_attempts(order.id).await.unwrap();
    assert_eq!((found.unwrap().id, attempts.unwrap().failed), (order.id, 1));
    assert_eq!(scene.reader.order(new_id()).await.unwrap(), None);
    assert_eq!(scene.reader.order_with_attempts(new_id()).await.unwrap(), (None, None));
}

#[tokio::test]
async fn orders_of_a_buyer_are_listed_newest_first() {
    let scene = Marketplace::open().await;
    let mut placed: Vec<OrderId> = Vec::new();
    for _ in 0..7 {
        placed.push(scene.order_of(new_id(), id(PRODUCT), 1, None).await.id);
    }
    placed.sort();
    placed.reverse();
    let first =
        scene.reader.orders(OrderList::OfBuyer(buyer().user), None, &PageRequest::first(4)).await.unwrap();
    let second =
        scene.reader.orders(OrderList::OfBuyer(buyer().user), None, &behind(4, &first)).await.unwrap();
    let seen: Vec<OrderId> = first.items.iter().chain(&second.items).map(|order| order.id).collect();
    assert_eq!(seen, placed);
    assert_eq!(second.next, None);
    assert!(
        scene
            .reader
            .orders(OrderList::OfBuyer(seller().user), None, &PageRequest::first(4))
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

/// The orders that are due, of all shards.
async fn due(scene: &Marketplace, now: Timestamp) -> BTreeSet<OrderId> {
    let mut due = BTreeSet::new();
    for shard in 0..EXPIRY_SHARDS {
        let found = scene.reader.expiring(shard, now, 100).await.unwrap();
        assert!(found.iter().all(|order| expiry_shard(*order) == shard));
        due.extend(found);
    }
    due
}

#[tokio::test]
async fn only_orders_that_await_their_payment_fall_due_and_only_after_their_time() {
    let scene = Marketplace::open().await;
    let (now, window) = (SystemClock.now(), Duration::from_mins(30));
    let mut waiting = Vec::new();
    for method in [None, None, Some("pm_card_visa")] {
        let order = scene.order_of(new_id(), id(PRODUCT), 1, method).await;
        scene
            .run_at(
                now,
                AdvanceOrder { id: order.id, by: FulfilmentTransition::Reserve, payment_window: window },
            )
            .await;
        waiting.push(order.id);
    }
    scene.order(None).await;
    assert!(due(&scene, now.saturating_add(window)).await.is_empty(), "due is what is past its time");
    let late = now.saturating_add(window).saturating_add(Duration::from_millis(1));
    assert_eq!(due(&scene, late).await, BTreeSet::from([waiting[0], waiting[1]]));
    scene.run_at(late, ExpireOrder { id: waiting[0] }).await;
    assert_eq!(due(&scene, late).await, BTreeSet::from([waiting[1]]));
    assert!(!due(&scene, late).await.contains(&id(ORDER)));
}

#[tokio::test]
async fn orders_of_a_shard_fall_due_longest_overdue_first() {
    let scene = Marketplace::open().await;
    let now = SystemClock.now();
    let ids = std::iter::repeat_with(new_id).filter(|order| expiry_shard(*order) == 3);
    let orders: Vec<OrderId> = ids.take(3).collect();
    for (order, minutes) in orders.iter().zip([20, 10, 30]) {
        scene.order_of(*order, id(PRODUCT), 1, None).await;
        let payment_window = Duration::from_mins(minutes);
        scene
            .run_at(now, AdvanceOrder { id: *order, by: FulfilmentTransition::Reserve, payment_window })
            .await;
    }
    let later = now.saturating_add(Duration::from_hours(1));
    let found = scene.reader.expiring(3, later, 2).await.unwrap();
    assert_eq!(found, [orders[1], orders[0]]);
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_address_or_absent() {
    let scene = Marketplace::open().await;
    let user = scene.reader.user(id(STRANGER)).await.unwrap().unwrap();
    assert_eq!(user.email.as_str(), "stranger@example.com");
    let (account, credentials) =
        scene.reader.account_by_email(&"Stranger@Example.com".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((account, credentials.password_hash.as_str()), (user, ""));
    let nobody: UserId = new_id();
    assert_eq!(scene.reader.user(nobody).await.unwrap(), None);
    assert!(scene.reader.account_by_email(&"nobody@example.com".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn decisions_load_what_queries_show() {
    let scene = Marketplace::open().await;
    let reads = shared::kit::command::ReadSet::<Option<Market>>::get(&id(MARKET));
    assert_eq!(scene.store.load(reads).await.unwrap(), scene.reader.market(id(MARKET)).await.unwrap());
}

#[tokio::test]
async fn lengths_are_those_of_all_lists_together_and_kept_behind_a_cache() {
    let scene = Marketplace::empty().await;
    let meter = ReadUnitMeter::default();
    let cached = CachedReader::new(DynamoReader::new(meter.on(&scene.table)));
    let [mugs, cups, none] = ["mugs", "cups", "none"].map(|name| ListKey::of(name.to_owned()));
    scene.counted(mugs.clone(), 5).await;
    scene.counted(mugs.clone(), -2).await;
    scene.counted(cups.clone(), 40).await;
    for (lists, total) in [(vec![mugs.clone(), cups, none.clone()], 43), (vec![mugs], 3), (vec![none], 0)] {
        meter.restart();
        assert_eq!(scene.reader.total(&lists).await.unwrap(), total);
        for _ in 0..2 {
            assert_eq!(Box::pin(cached.total(&lists)).await.unwrap(), total);
        }
        assert_eq!(meter.operations(), ["BatchGetItem"], "{lists:?}");
    }
}
