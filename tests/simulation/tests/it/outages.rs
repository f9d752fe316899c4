//! Outages with few orders. `simulate --outages` runs those with many.

use std::time::Duration;

use simulation::outage::{Failure, Outage, run};
use strum::VariantArray as _;

fn assert_success(failure: Failure, duration: Duration, orders: usize) {
    let result = run(Outage { failure, duration, orders });
    assert!(result.is_success(), "{result}");
}

#[test]
fn single_order_is_confirmed_after_every_outage() {
    for failure in Failure::VARIANTS {
        for seconds in [10, 90, 3_600] {
            assert_success(*failure, Duration::from_secs(seconds), 1);
        }
    }
}

#[test]
fn backlog_is_confirmed_after_every_outage() {
    for failure in Failure::VARIANTS {
        assert_success(*failure, Duration::from_secs(90), 60);
    }
}

#[test]
fn backlog_is_processed_at_the_rates_of_the_gateway() {
    assert_success(Failure::GatewayFails, Duration::ZERO, 300);
}
