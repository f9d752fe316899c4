//! Readers of the repositories.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::order::OrderId;
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::attempts::RecordFailedAttempt;
use shared::domain::order::fulfilment::resume::ResumeOrder;
use shared::domain::product::{Product, Stock};
use shared::domain::user::UserId;
use shared::domain::values::period::Period;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::Store;
use shared::kit::command::page::{ListPage, PageRequest, Start};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::projections::list_total::ListKey;
use shared::repository::cached::CachedReader;
use shared::repository::market::{MarketList, MarketReader, MarketSortOrder};
use shared::repository::order::{OrderList, OrderQuery, OrderSort};
use shared::repository::product::ProductReader;
use shared::repository::projections::list_total::TotalReader;
use shared::repository::table_layout::due_list::DueRequest;
use shared::repository::table_layout::partitions::{EXPIRY_SHARDS, expiry_shard};
use shared::repository::table_layout::sorted_list::{SortKey, SortOrder};
use shared::repository::user::UserReader;
use test_support::Marketplace;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{
    MARKET, ORDER, PRODUCT, STRANGER, buyer, id, new_id, products_of, seller, stranger,
};

fn newest_of(status: MarketStatus) -> MarketList {
    let order = MarketSortOrder::By(SortOrder { by: SortKey::CreatedAt, descending: true });
    MarketList { status, search: None, order }
}

/// All orders of a list, newest first.
const fn newest(list: OrderList) -> OrderQuery {
    let sort = OrderSort::CreatedAt { descending: true };
    OrderQuery { list, status: None, period: Period { from: None, to: None }, sort }
}

/// Request for the page after `slice`.
fn page_after<T>(limit: u32, slice: &ListPage<T>) -> PageRequest {
    PageRequest { limit, start: Start::After(slice.next.clone().unwrap()) }
}

#[tokio::test]
async fn market_is_found_by_id() {
    let marketplace = Marketplace::with_sample_data().await;
    let found = marketplace.reader.market(id(MARKET)).await.unwrap().unwrap();
    assert_eq!((found.id, found.creator_id), (id(MARKET), seller().user));
    assert_eq!(marketplace.reader.market(new_id()).await.unwrap(), None);
}

#[tokio::test]
async fn markets_are_listed_by_status_newest_first() {
    let marketplace = Marketplace::empty().await;
    let mut ids = Vec::new();
    for status in [InitialStatus::Active, InitialStatus::Draft, InitialStatus::Active, InitialStatus::Active]
    {
        let market = new_id::<Market>().to_string();
        ids.push(marketplace.market(&market, seller(), status).await);
    }
    let listed = async |status: MarketStatus| -> Vec<_> {
        let page = marketplace.reader.markets(&newest_of(status), &PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|found| found.market.id).collect()
    };
    let newest_first = |mut expected: Vec<_>| {
        expected.sort();
        expected.reverse();
        expected
    };
    assert_eq!(listed(MarketStatus::Active).await, newest_first(vec![ids[0].id, ids[2].id, ids[3].id]));
    assert_eq!(listed(MarketStatus::Draft).await, [ids[1].id]);
    let suspended = ids.remove(2);
    marketplace.set_market_status(&suspended.id.to_string(), MarketStatus::Suspended).await;
    assert_eq!(listed(MarketStatus::Active).await, newest_first(vec![ids[0].id, ids[2].id]));
    assert_eq!(listed(MarketStatus::Suspended).await, [suspended.id]);
    assert!(listed(MarketStatus::Closed).await.is_empty());
}

#[tokio::test]
async fn product_is_found_with_its_stock() {
    let marketplace = Marketplace::with_sample_data().await;
    let found = marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap();
    assert_eq!(found.product.id, id(PRODUCT));
    assert_eq!(found.stock, Stock { available: 10, reserved: 0, sold: 0 });
    assert_eq!(marketplace.reader.product(new_id()).await.unwrap(), None);
}

#[tokio::test]
async fn products_of_a_market_are_listed_newest_first_with_stock() {
    let marketplace = Marketplace::with_sample_data().await;
    let other = new_id::<Market>().to_string();
    marketplace.market(&other, stranger(), InitialStatus::Active).await;
    marketplace.product(&new_id::<Product>().to_string(), &other, stranger(), "MUG-1", 1, 1).await;
    for quantity in 1..=7 {
        let product = new_id::<Product>().to_string();
        marketplace.product(&product, MARKET, seller(), &format!("CUP-{quantity}"), 100, quantity).await;
    }
    let first = marketplace.reader.products(&products_of(id(MARKET)), &PageRequest::first(5)).await.unwrap();
    let second = marketplace.reader.products(&products_of(id(MARKET)), &page_after(5, &first)).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (5, 3, None));
    let all: Vec<_> = first.items.into_iter().chain(second.items).collect();
    assert!(all.windows(2).all(|pair| pair[0].product.id > pair[1].product.id));
    for listed in &all {
        let quantity = match listed.product.sku.as_str() {
            "MUG-1" => 10,
            cup => cup.trim_start_matches("CUP-").parse().unwrap(),
        };
        assert_eq!(listed.stock.available, quantity, "{}", listed.product.sku.as_str());
    }
    let none = marketplace.reader.products(&products_of(new_id()), &PageRequest::first(5)).await.unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
}

#[tokio::test]
async fn order_is_found_with_or_without_attempts() {
    let marketplace = Marketplace::with_sample_data().await;
    let order = marketplace.order(None).await;
    assert_eq!(marketplace.reader.order(order.id).await.unwrap().as_ref(), Some(&order));
    assert_eq!(marketplace.reader.order_with_attempts(order.id).await.unwrap(), (Some(order.clone()), None));
    let next_at = SystemClock.now();
    marketplace
        .run(RecordFailedAttempt { order_id: order.id, step: "charging", error: "no", next_at, made: true })
        .await;
    let (found, attempts) = marketplace.reader.order_with_attempts(order.id).await.unwrap();
    assert_eq!((found.unwrap().id, attempts.unwrap().failed), (order.id, 1));
    assert_eq!(marketplace.reader.order(new_id()).await.unwrap(), None);
    assert_eq!(marketplace.reader.order_with_attempts(new_id()).await.unwrap(), (None, None));
}

#[tokio::test]
async fn buyer_orders_are_listed_newest_first() {
    let marketplace = Marketplace::with_sample_data().await;
    let mut placed: Vec<OrderId> = Vec::new();
    for _ in 0..7 {
        placed.push(marketplace.order_of(new_id(), id(PRODUCT), 1, None).await.id);
    }
    placed.sort();
    placed.reverse();
    let first = marketplace
        .reader
        .orders(&newest(OrderList::OfBuyer(buyer().user)), &PageRequest::first(4))
        .await
        .unwrap();
    let second = marketplace
        .reader
        .orders(&newest(OrderList::OfBuyer(buyer().user)), &page_after(4, &first))
        .await
        .unwrap();
    let listed: Vec<OrderId> = first.items.iter().chain(&second.items).map(|order| order.id).collect();
    assert_eq!(listed, placed);
    assert_eq!(second.next, None);
    assert!(
        marketplace
            .reader
            .orders(&newest(OrderList::OfBuyer(seller().user)), &PageRequest::first(4))
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

/// The orders due for expiry in all shards.
async fn due(marketplace: &Marketplace, now: Timestamp) -> BTreeSet<OrderId> {
    let mut due = BTreeSet::new();
    for shard in 0..EXPIRY_SHARDS {
        let found = marketplace.reader.expiring(DueRequest::first(shard, now, 100)).await.unwrap().items;
        assert!(found.iter().all(|order| expiry_shard(*order) == shard));
        due.extend(found);
    }
    due
}

#[tokio::test]
async fn only_orders_awaiting_payment_expire_after_their_window() {
    let marketplace = Marketplace::with_sample_data().await;
    let (now, window) = (SystemClock.now(), Duration::from_mins(30));
    let mut orders = Vec::new();
    for method in [None, None, Some("pm_card_visa")] {
        let order = marketplace.order_of(new_id(), id(PRODUCT), 1, method).await;
        marketplace
            .run_at(
                now,
                AdvanceOrder { id: order.id, by: FulfilmentTransition::Reserve, payment_window: window },
            )
            .await;
        orders.push(order.id);
    }
    marketplace.order(None).await;
    assert!(
        due(&marketplace, now.saturating_add(window)).await.is_empty(),
        "an order is due only after its time"
    );
    let late = now.saturating_add(window).saturating_add(Duration::from_millis(1));
    assert_eq!(due(&marketplace, late).await, BTreeSet::from([orders[0], orders[1]]));
    marketplace.run_at(late, ExpireOrder { id: orders[0] }).await;
    assert_eq!(due(&marketplace, late).await, BTreeSet::from([orders[1]]));
    assert!(!due(&marketplace, late).await.contains(&id(ORDER)));
}

#[tokio::test]
async fn due_orders_of_a_shard_are_listed_oldest_first() {
    let marketplace = Marketplace::with_sample_data().await;
    let now = SystemClock.now();
    let ids = std::iter::repeat_with(new_id).filter(|order| expiry_shard(*order) == 3);
    let orders: Vec<OrderId> = ids.take(3).collect();
    for (order, minutes) in orders.iter().zip([20, 10, 30]) {
        marketplace.order_of(*order, id(PRODUCT), 1, None).await;
        let payment_window = Duration::from_mins(minutes);
        marketplace
            .run_at(now, AdvanceOrder { id: *order, by: FulfilmentTransition::Reserve, payment_window })
            .await;
    }
    let later = now.saturating_add(Duration::from_hours(1));
    let first = DueRequest::first(3, later, 2);
    let found = marketplace.reader.expiring(first.clone()).await.unwrap();
    assert_eq!(found.items, [orders[1], orders[0]]);
    let rest = marketplace.reader.expiring(DueRequest { after: found.next, ..first }).await.unwrap();
    assert_eq!(rest.items, [orders[2]]);
}

#[tokio::test]
async fn oldest_unfinished_orders_are_those_that_began_long_ago() {
    let marketplace = Marketplace::with_sample_data().await;
    let now = SystemClock.now();
    let mut placed: Vec<OrderId> = Vec::new();
    for minutes in [40, 20, 4] {
        let at = now.saturating_sub(Duration::from_mins(minutes));
        placed.push(marketplace.order_at(at, new_id(), None).await.id);
    }
    let oldest = async || {
        let orders = marketplace.reader.oldest_unfinished_orders(now).await.unwrap();
        orders.into_iter().map(|order| order.id).collect::<BTreeSet<OrderId>>()
    };
    assert_eq!(oldest().await, BTreeSet::from([placed[0], placed[1]]));
    marketplace.run_at(now, ResumeOrder { id: placed[0] }).await;
    assert_eq!(oldest().await, BTreeSet::from([placed[0], placed[1]]), "a resumed order still counts");
    let rejected = AdvanceOrder {
        id: placed[1],
        by: FulfilmentTransition::OutOfStock(id(PRODUCT)),
        payment_window: Duration::ZERO,
    };
    marketplace.run_at(now, rejected).await;
    assert_eq!(oldest().await, BTreeSet::from([placed[0]]));
}

#[tokio::test]
async fn user_is_found_by_id_and_by_address() {
    let marketplace = Marketplace::with_sample_data().await;
    let user = marketplace.reader.user(id(STRANGER)).await.unwrap().unwrap();
    assert_eq!(user.email.as_str(), "stranger@example.com");
    let (account, credentials) =
        marketplace.reader.account_by_email(&"Stranger@Example.com".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(account, user);
    assert!(!credentials.password_hash.is_empty());
    let unknown: UserId = new_id();
    assert_eq!(marketplace.reader.user(unknown).await.unwrap(), None);
    assert!(
        marketplace.reader.account_by_email(&"unknown@example.com".parse().unwrap()).await.unwrap().is_none()
    );
}

#[tokio::test]
async fn store_and_reader_return_the_same_entity() {
    let marketplace = Marketplace::with_sample_data().await;
    let reads = shared::kit::command::ReadSet::<Option<Market>>::get(&id(MARKET));
    assert_eq!(
        marketplace.store.load(reads).await.unwrap(),
        marketplace.reader.market(id(MARKET)).await.unwrap()
    );
}

#[tokio::test]
async fn list_totals_are_summed_and_cached() {
    let marketplace = Marketplace::empty().await;
    let meter = CapacityMeter::default();
    let cached = CachedReader::new(DynamoReader::new(meter.on(&marketplace.table)));
    let [mugs, cups, none] = ["mugs", "cups", "none"].map(|name| ListKey::of(name.to_owned()));
    marketplace.add_to_list_total(mugs.clone(), 5).await;
    marketplace.add_to_list_total(mugs.clone(), -2).await;
    marketplace.add_to_list_total(cups.clone(), 40).await;
    for (lists, total) in [(vec![mugs.clone(), cups, none.clone()], 43), (vec![mugs], 3), (vec![none], 0)] {
        meter.restart();
        assert_eq!(marketplace.reader.total(&lists).await.unwrap(), total);
        for _ in 0..2 {
            assert_eq!(Box::pin(cached.total(&lists)).await.unwrap(), total);
        }
        assert_eq!(meter.operations(), ["BatchGetItem"], "{lists:?}");
    }
}
