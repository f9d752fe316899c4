//! Erasure of delivery addresses.

use std::time::Duration;

use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::shipment::address::DeliveryAddress;
use shared::domain::order::shipment::address::erase::RequestErasure;
use shared::domain::order::{Order, OrderEvent};
use shared::kit::command::NoEvents;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{buyer, seller};

use super::{Fixture, new_order_id};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn address_is_erased_400_days_after_the_last_change() {
    let fixture = Fixture::open().await;
    let marketplace = &fixture.marketplace;
    let now = SystemClock.now();
    let (old, changed, recent) = (new_order_id(), new_order_id(), new_order_id());
    for (order, days) in [(old, 401), (changed, 401), (recent, 399)] {
        let then = now.saturating_sub(DAY * days);
        marketplace.shipped_order_at(then, order).await;
        marketplace.run_at(then, CancelOrder { id: order, by: buyer(), reason: None }).await;
    }
    let order = marketplace.stored_order(changed).await;
    let (version, event) = (order.version.next(), OrderEvent::Progressed((&order).into()));
    marketplace.put_entity(Order { version, updated_at: now.saturating_sub(DAY), ..order }, event).await;
    marketplace.clear_outbox().await;
    let before = marketplace.delivery_address(changed).await.unwrap();

    for _ in 0..2 {
        fixture.tick().await;
        assert_eq!(marketplace.delivery_address(old).await, None);
        let kept = marketplace.delivery_address(changed).await.unwrap();
        assert_eq!((kept.version, &kept.address), (before.version.next(), &before.address));
        assert_eq!(kept.examined_at, now.saturating_add(DAY * 399));
        assert_eq!(marketplace.delivery_address(recent).await.unwrap().version, before.version);
    }
    assert_eq!(marketplace.stored_order(old).await.total().amount(), 2 * 1_999 + 490, "amounts remain");
}

#[tokio::test]
async fn address_of_a_deleted_account_ends_with_its_order() {
    let fixture = Fixture::open().await;
    let marketplace = &fixture.marketplace;
    let order = new_order_id();
    marketplace.shipped_order_at(SystemClock.now(), order).await;
    marketplace.delete_account(buyer()).await;
    marketplace.run(RequestErasure { order_id: order, buyer: buyer().user }).await;
    fixture.tick().await;
    let kept = marketplace.delivery_address(order).await.unwrap();
    assert!(kept.examined_at > SystemClock.now().saturating_add(DAY / 2), "the order is not final");

    marketplace.run(CancelOrder { id: order, by: seller(), reason: None }).await;
    let (version, examined_at) = (kept.version.next(), SystemClock.now());
    marketplace.put_entity(DeliveryAddress { version, examined_at, ..kept }, NoEvents).await;
    fixture.tick().await;
    assert_eq!(marketplace.delivery_address(order).await, None);
}
