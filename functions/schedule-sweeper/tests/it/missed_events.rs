//! Events that the stream missed.

use std::time::Duration;

use shared::domain::order::OrderStatus;
use shared::domain::order::place::{OrderItem, PlaceOrder};
use shared::domain::values::money::Quantity;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{PRODUCT, buyer, id};

use super::{Fixture, an_order};

impl Fixture {
    /// An order that was placed so long ago, of which nobody has heard.
    async fn unheard(&self, ago: Duration) {
        let quantity = Quantity::try_from(1).unwrap();
        let items = vec![OrderItem { product_id: id(PRODUCT), quantity, expected_price: None }];
        let place = PlaceOrder { id: an_order(), by: buyer(), items, payment_method: None };
        self.scene.run_at(SystemClock.now().saturating_sub(ago), place).await;
    }
}

#[tokio::test]
async fn what_has_waited_for_more_than_a_minute_is_published_and_removed() {
    let sweep = Fixture::open().await;
    for minutes in [2, 90] {
        sweep.unheard(Duration::from_mins(minutes)).await;
    }
    sweep.unheard(Duration::from_secs(20)).await;
    sweep.tick().await;
    assert_eq!(sweep.published().await, 2);
    assert_eq!(sweep.unpublished().await.len(), 1, "what is young is the stream's");
}

#[tokio::test]
async fn what_cannot_be_published_stays_and_holds_up_nothing_else() {
    let sweep = Fixture::open().await;
    let late = an_order();
    sweep.waiting(late, Duration::from_mins(30)).await;
    sweep.unheard(Duration::from_mins(2)).await;
    let before = sweep.unpublished().await.len();
    let gone = format!("{}-that-was-deleted", sweep.queue);
    sweep.tick_until(SystemClock.now().saturating_add(Duration::from_secs(50)), &gone).await;
    assert_eq!(sweep.unpublished().await.len(), before + 1, "with what the expiry announced");
    assert_eq!(sweep.status(late).await, OrderStatus::Expired);
    sweep.tick().await;
    assert_eq!(sweep.published().await, 2, "one was placed, the other waits to be paid");
}

#[tokio::test]
async fn a_tick_without_time_publishes_nothing() {
    let sweep = Fixture::open().await;
    sweep.unheard(Duration::from_mins(2)).await;
    sweep.tick_until(SystemClock.now(), &sweep.queue).await;
    assert_eq!((sweep.published().await, sweep.unpublished().await.len()), (0, 1));
}
