//! Every event in `events/schedule-sweeper/`.

use std::time::Duration;

use shared::domain::order::OrderStatus;
use test_support::lambda_event::{cases, event_from_file};

use super::{Fixture, new_order_id};

#[tokio::test]
async fn every_event_runs_a_tick() {
    let all = cases("schedule-sweeper");
    assert_eq!(all, ["every-minute"], "each event file is handled exactly once");
    for case in all {
        // The payload of the scheduler is ignored, as long as it is JSON.
        assert_eq!(event_from_file("schedule-sweeper", &case)["source"], "aws.scheduler");
        let fixture = Fixture::open().await;
        let order = new_order_id();
        fixture.place_awaiting_payment(order, Duration::from_mins(30)).await;
        fixture.tick().await;
        assert_eq!(fixture.status(order).await, OrderStatus::Expired);
    }
}
