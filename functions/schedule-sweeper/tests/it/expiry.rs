//! Expiry of unpaid orders.

use std::iter;
use std::time::Duration;

use futures::future::join_all;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::{Order, OrderId, OrderStatus};
use shared::domain::product::Product;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::table_layout::partitions::expiry_shard;
use test_support::fixture::{MARKET, PRODUCT, buyer, id, new_id, seller, stock};

use super::{Fixture, new_order_id};

const HALF_HOUR: Duration = Duration::from_mins(30);

#[tokio::test]
async fn unpaid_order_expires_and_its_stock_is_released() {
    let fixture = Fixture::open().await;
    let (late, in_time) = (new_order_id(), new_order_id());
    fixture.place_awaiting_payment(late, HALF_HOUR).await;
    fixture.place_awaiting_payment(in_time, Duration::from_hours(2)).await;
    assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0));
    fixture.tick().await;
    assert_eq!(fixture.status(late).await, OrderStatus::Expired);
    assert_eq!(fixture.status(in_time).await, OrderStatus::AwaitingPayment);
    assert_eq!(fixture.marketplace.stock().await, stock(9, 1, 0));
    let expired = fixture.marketplace.stored_order(late).await;
    assert_eq!(expired.timeline.last().unwrap().reason.as_deref(), Some("not paid in time"));
    fixture.tick().await;
    assert_eq!(fixture.marketplace.stored_order(late).await, expired);
    assert_eq!(fixture.marketplace.stock().await, stock(9, 1, 0));
}

#[tokio::test]
async fn order_not_awaiting_payment_does_not_expire() {
    let fixture = Fixture::open().await;
    let (cancelled, charging, pending) = (new_order_id(), new_order_id(), new_order_id());
    fixture.place_awaiting_payment(cancelled, HALF_HOUR).await;
    fixture.marketplace.run(CancelOrder { id: cancelled, by: buyer(), reason: None }).await;
    fixture.marketplace.order_of(charging, id(PRODUCT), 1, Some("pm_card_visa")).await;
    let one_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
    let reserve = AdvanceOrder { id: charging, by: FulfilmentTransition::Reserve, payment_window: HALF_HOUR };
    fixture.marketplace.run_at(one_hour_ago, reserve).await;
    fixture.marketplace.order_of(pending, id(PRODUCT), 1, None).await;
    fixture.tick().await;
    let statuses = [OrderStatus::Cancelled, OrderStatus::AwaitingPayment, OrderStatus::Pending];
    for (order, status) in [cancelled, charging, pending].into_iter().zip(statuses) {
        assert_eq!(fixture.status(order).await, status);
    }
}

#[tokio::test]
async fn more_than_one_page_expires_in_one_tick() {
    let fixture = Fixture::open().await;
    let product = new_id::<Product>();
    fixture.marketplace.product(&product.to_string(), MARKET, seller(), "CUP-1", 500, 200).await;
    let orders: Vec<OrderId> =
        iter::repeat_with(new_id).filter(|order| expiry_shard(*order) == 5).take(105).collect();
    let one_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
    for batch in orders.chunks(10) {
        join_all(batch.iter().map(|order| async {
            fixture.marketplace.order_of(*order, product, 1, None).await;
            let reserve =
                AdvanceOrder { id: *order, by: FulfilmentTransition::Reserve, payment_window: HALF_HOUR };
            fixture.marketplace.run_at(one_hour_ago, reserve).await;
        }))
        .await;
    }
    fixture.tick().await;
    for order in orders {
        assert_eq!(fixture.status(order).await, OrderStatus::Expired);
    }
}

#[tokio::test]
async fn concurrent_ticks_release_the_stock_once() {
    let fixture = Fixture::open().await;
    let orders: Vec<OrderId> = iter::repeat_with(new_order_id).take(5).collect();
    for order in &orders {
        fixture.place_awaiting_payment(*order, HALF_HOUR).await;
    }
    join_all([fixture.tick(), fixture.tick()]).await;
    for order in orders {
        assert_eq!(fixture.status(order).await, OrderStatus::Expired);
    }
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn tick_without_time_leaves_orders_to_the_next() {
    let fixture = Fixture::open().await;
    let order = new_order_id();
    fixture.place_awaiting_payment(order, HALF_HOUR).await;
    fixture.tick_until(SystemClock.now(), &[fixture.queue.url.as_str()]).await;
    assert_eq!(fixture.status(order).await, OrderStatus::AwaitingPayment);
    fixture.tick().await;
    assert_eq!(fixture.status(order).await, OrderStatus::Expired);
}

#[tokio::test]
async fn damaged_order_does_not_stop_the_expiry_of_others() {
    let fixture = Fixture::open().await;
    let orders: Vec<OrderId> =
        iter::repeat_with(new_order_id).filter(|order| expiry_shard(*order) == 3).take(3).collect();
    for (order, minutes) in orders.iter().zip([10, 20, 30]) {
        fixture.place_awaiting_payment(*order, Duration::from_mins(minutes)).await;
    }
    fixture.marketplace.damage::<Order>(&orders[0]).await;
    fixture.tick().await;
    for order in &orders[1..] {
        assert_eq!(fixture.status(*order).await, OrderStatus::Expired);
    }
}
