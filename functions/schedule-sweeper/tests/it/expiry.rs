//! Orders that were not paid in time.

use std::iter;
use std::time::Duration;

use futures::future::join_all;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::{OrderId, OrderStatus};
use shared::domain::product::Product;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::order::OrderReader;
use shared::repository::table_layout::partitions::expiry_shard;
use test_support::fixture::{MARKET, PRODUCT, buyer, id, new_id, seller};

use super::{Fixture, an_order, stock};

const HALF_AN_HOUR: Duration = Duration::from_mins(30);

#[tokio::test]
async fn an_order_that_was_not_paid_in_time_expires_and_its_stock_goes_back() {
    let sweep = Fixture::open().await;
    let (late, in_time) = (an_order(), an_order());
    sweep.waiting(late, HALF_AN_HOUR).await;
    sweep.waiting(in_time, Duration::from_hours(2)).await;
    assert_eq!(sweep.stock().await, stock(8, 2));
    sweep.tick().await;
    assert_eq!(sweep.status(late).await, OrderStatus::Expired);
    assert_eq!(sweep.status(in_time).await, OrderStatus::AwaitingPayment);
    assert_eq!(sweep.stock().await, stock(9, 1));
    let expired = sweep.scene.reader.order(late).await.unwrap().unwrap();
    assert_eq!(expired.timeline.last().unwrap().reason.as_deref(), Some("not paid in time"));
    sweep.tick().await;
    assert_eq!(sweep.scene.reader.order(late).await.unwrap().unwrap(), expired);
    assert_eq!(sweep.stock().await, stock(9, 1));
}

#[tokio::test]
async fn an_order_that_is_no_longer_waiting_is_left_alone() {
    let sweep = Fixture::open().await;
    let (cancelled, charging, pending) = (an_order(), an_order(), an_order());
    sweep.waiting(cancelled, HALF_AN_HOUR).await;
    sweep.scene.run(CancelOrder { id: cancelled, by: buyer(), reason: None }).await;
    sweep.scene.order_of(charging, id(PRODUCT), 1, Some("pm_card_visa")).await;
    let an_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
    let reserve =
        AdvanceOrder { id: charging, by: FulfilmentTransition::Reserve, payment_window: HALF_AN_HOUR };
    sweep.scene.run_at(an_hour_ago, reserve).await;
    sweep.scene.order_of(pending, id(PRODUCT), 1, None).await;
    sweep.tick().await;
    let statuses = [OrderStatus::Cancelled, OrderStatus::AwaitingPayment, OrderStatus::Pending];
    for (order, status) in [cancelled, charging, pending].into_iter().zip(statuses) {
        assert_eq!(sweep.status(order).await, status);
    }
}

#[tokio::test]
async fn more_than_a_page_of_one_shard_expires_in_one_tick() {
    let sweep = Fixture::open().await;
    let product = new_id::<Product>();
    sweep.scene.product(&product.to_string(), MARKET, seller(), ("CUP-1", 500, 200)).await;
    let orders: Vec<OrderId> =
        iter::repeat_with(new_id).filter(|order| expiry_shard(*order) == 5).take(105).collect();
    let an_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
    for batch in orders.chunks(10) {
        join_all(batch.iter().map(|order| async {
            sweep.scene.order_of(*order, product, 1, None).await;
            let reserve =
                AdvanceOrder { id: *order, by: FulfilmentTransition::Reserve, payment_window: HALF_AN_HOUR };
            sweep.scene.run_at(an_hour_ago, reserve).await;
        }))
        .await;
    }
    sweep.tick().await;
    for order in orders {
        assert_eq!(sweep.status(order).await, OrderStatus::Expired);
    }
}

#[tokio::test]
async fn two_ticks_at_once_give_the_stock_back_once() {
    let sweep = Fixture::open().await;
    let orders: Vec<OrderId> = iter::repeat_with(an_order).take(5).collect();
    for order in &orders {
        sweep.waiting(*order, HALF_AN_HOUR).await;
    }
    join_all([sweep.tick(), sweep.tick()]).await;
    for order in orders {
        assert_eq!(sweep.status(order).await, OrderStatus::Expired);
    }
    assert_eq!(sweep.stock().await, stock(10, 0));
}

#[tokio::test]
async fn a_tick_without_time_leaves_everything_to_the_next() {
    let sweep = Fixture::open().await;
    let order = an_order();
    sweep.waiting(order, HALF_AN_HOUR).await;
    sweep.tick_until(SystemClock.now(), &sweep.queue).await;
    assert_eq!(sweep.status(order).await, OrderStatus::AwaitingPayment);
    sweep.tick().await;
    assert_eq!(sweep.status(order).await, OrderStatus::Expired);
}
