//! Every event in `events/schedule-sweeper/`.

use std::time::Duration;

use shared::domain::order::OrderStatus;
use test_support::lambda_event::{cases, of_file};

use super::{Fixture, an_order};

#[tokio::test]
async fn every_event_is_a_tick() {
    let all = cases("schedule-sweeper");
    assert_eq!(all, ["every-minute"], "an event is not handled, or does not exist");
    for case in all {
        // What the scheduler says of itself does not matter, as long as it is JSON.
        assert_eq!(of_file("schedule-sweeper", &case)["source"], "aws.scheduler");
        let sweep = Fixture::open().await;
        let order = an_order();
        sweep.waiting(order, Duration::from_mins(30)).await;
        sweep.tick().await;
        assert_eq!(sweep.status(order).await, OrderStatus::Expired);
    }
}
