//! What the simulation found, by the seeds that showed it.

use simulation::schedule::run;

fn holds(seed: u64) {
    let schedule = run(seed, None);
    assert!(schedule.violations.is_empty(), "{schedule}");
}

/// Two deliveries of one message found out at once, a day later, that the charge was not made. Both decided on the next attempt,
/// the second on the one after that, and both charged.
#[test]
fn two_who_find_that_a_charge_was_not_made_decide_on_one_more_and_not_on_two() {
    holds(300);
}

/// The breaker was open, and its every probe asked for the one order whose charge the gateway had answered with a 500, which it
/// repeated: nobody ever came to the search that tells what became of it.
#[test]
fn an_order_behind_a_stored_failure_gets_on_though_nobody_else_asks_the_gateway_for_anything() {
    holds(938);
}

/// The order was cancelled, and the gateway failed at the question whether it was charged. It kept that failure under the
/// charge's key, and repeated it whenever it was asked again.
#[test]
fn an_order_is_settled_though_the_gateway_repeats_that_it_failed_at_the_question() {
    holds(893);
}
