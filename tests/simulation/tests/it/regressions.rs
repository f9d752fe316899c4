//! Bugs that the simulation found, with the seeds that found them.

use simulation::schedule::run;

fn assert_passes(seed: u64) {
    let schedule = run(seed, None);
    assert!(schedule.violations.is_empty(), "{schedule}");
}

/// A day later, two concurrent deliveries of one message found that the charge was not made. Each started a
/// new attempt, and both charged.
#[test]
fn concurrent_retries_of_a_missing_charge_charge_once() {
    assert_passes(300);
}

/// The breaker was open. Each of its probes was the charge of one order, for which the gateway repeated a
/// stored 500, so the search that resolves the charge was never made.
#[test]
fn order_behind_a_stored_error_is_resolved_with_open_breaker() {
    assert_passes(938);
}

/// The order was cancelled, and the gateway failed when it was asked whether the order was charged. It stored
/// that error under the charge's key and repeated it on each retry.
#[test]
fn cancelled_order_is_resolved_despite_a_stored_error() {
    assert_passes(893);
}
