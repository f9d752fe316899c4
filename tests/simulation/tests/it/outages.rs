//! Outages in their short form. `simulate outages` runs all of them.

use std::time::Duration;

use simulation::outage::{Failure, Outage, run};
use strum::VariantArray as _;

fn assert_success(failure: Failure, duration: Duration, orders: usize) {
    let result = run(Outage { failure, duration, orders });
    assert!(result.is_success(), "{result}");
}

#[test]
fn results_of_outages_with_single_orders() {
    for failure in Failure::VARIANTS {
        for seconds in [10, 90, 3_600] {
            assert_success(*failure, Duration::from_secs(seconds), 1);
        }
    }
}

#[test]
fn results_of_outages_with_a_backlog() {
    for failure in Failure::VARIANTS {
        assert_success(*failure, Duration::from_secs(90), 60);
    }
}

#[test]
fn results_of_a_backlog_without_an_outage() {
    assert_success(Failure::GatewayFails, Duration::ZERO, 300);
}
