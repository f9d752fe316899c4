//! Each call of the order saga fails in each of its ways, one after the other, forward and while it gives back.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use local::faults::{Fault as Fails, FaultBody, Injection, Rule};
use local::stack::FailedMessages;
use serde_json::json;
use stripe_sandbox::{Effect, Operation, Rule as Misbehaviour, WorkAt};
use test_support::audit::{Invariant, Violation};

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::{Placed, Scenario};

pub(crate) struct Calls;

/// What a call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Read,
    Write,
    Gateway,
}

/// How it fails.
#[derive(Debug, Clone, Copy)]
enum How {
    KillBefore,
    KillAfter,
    Unavailable,
    Throttled,
    Conflict,
    Lost,
}

/// Which calls the saga makes from a moment on, in their order.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// From the placing of the order.
    Forward(Scenario, &'static [To]),
    /// From what people do once it is confirmed.
    Backward(Scenario, &'static [To]),
    /// From the cancelling of an order whose charge is under way. How many calls that takes is a matter of the race.
    WhileCharging,
}

const WAYS: [Way; 7] = [
    Way::Forward(Scenario::Confirmed, &[To::Read, To::Write, To::Gateway, To::Write]),
    Way::Forward(Scenario::Declined, &[To::Read, To::Write, To::Gateway, To::Write]),
    Way::Forward(Scenario::OutOfStock, &[To::Read, To::Write, To::Read, To::Write]),
    Way::Forward(Scenario::Paid, &[To::Read, To::Write, To::Gateway, To::Write]),
    Way::Backward(Scenario::Cancelled, &[To::Read, To::Gateway, To::Write]),
    Way::Backward(Scenario::Refunded, &[To::Read, To::Gateway, To::Write]),
    Way::WhileCharging,
];

const HOW: [How; 6] =
    [How::KillBefore, How::KillAfter, How::Unavailable, How::Throttled, How::Conflict, How::Lost];

/// How many calls may follow the cancelling of an order whose charge is under way.
const CALLS_WHILE_CHARGING: u64 = 4;

impl Way {
    const fn calls(self) -> u64 {
        match self {
            Self::Forward(_, calls) | Self::Backward(_, calls) => calls.len() as u64,
            Self::WhileCharging => CALLS_WHILE_CHARGING,
        }
    }

    /// What the `nth` call asks, counted from 1.
    fn asks(self, nth: u64) -> To {
        let place = usize::try_from(nth - 1).unwrap_or_default();
        match self {
            Self::Forward(_, calls) | Self::Backward(_, calls) => calls[place],
            Self::WhileCharging => To::Write,
        }
    }
}

/// Each call of each way, with each way to fail that it has.
fn cells() -> Vec<(Way, u64, Fails)> {
    let calls = WAYS.into_iter().flat_map(|way| (1..=way.calls()).map(move |nth| (way, nth)));
    let failing = calls.flat_map(|(way, nth)| HOW.into_iter().map(move |how| (way, nth, how)));
    failing.filter_map(|(way, nth, how)| Some((way, nth, fails(way.asks(nth), how)?))).collect()
}

/// What the function sees; nothing, where what is asked does not fail so.
fn fails(to: To, how: How) -> Option<Fails> {
    let dynamodb = |kind: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}") });
    let stripe = |kind: &str| json!({ "error": { "type": kind } });
    Some(match (how, to) {
        (How::KillBefore, _) => Fails::KillBefore,
        (How::KillAfter, _) => Fails::KillAfter,
        (How::Lost, _) => Fails::DropResponse,
        (How::Unavailable, To::Gateway) => Fails::unavailable(),
        (How::Unavailable, _) => Fails::Status(500, FaultBody::Json(dynamodb("InternalServerError"))),
        (How::Throttled, To::Gateway) => Fails::Status(429, FaultBody::Json(stripe("invalid_request_error"))),
        (How::Throttled, _) => Fails::throttled(),
        (How::Conflict, To::Gateway) => Fails::Status(409, FaultBody::Json(stripe("invalid_request_error"))),
        (How::Conflict, To::Write) => Fails::transaction_conflict(),
        (How::Conflict, To::Read) => return None,
    })
}

impl Fault for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn description(&self) -> &'static str {
        "one call of the saga fails: killed before or after it, 5xx, throttled, in conflict, its answer lost"
    }

    fn effort(&self) -> TrialCounts {
        let cells = cells().len() as u64;
        TrialCounts { long: 50 * cells, short: cells / 6, together: 33 }
    }

    fn run<'a>(&'a self, bench: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        // Webhooks would heal what the saga has to get right by itself.
        bench.shop.stack().payments().set_webhook_url(None);
        // One at a time: a rule counts the calls of a function, whichever order they are for. The short form takes
        // every sixth cell.
        bench.each(trials, 1, |trial| one(bench, trial.number)).boxed()
    }
}

async fn one(bench: &Fixture, number: u64) -> Result<bool, Violation> {
    let cells = cells();
    // 7 has no divisor in common with the number of cells, so that trials in a row go through all of the ways.
    let place = usize::try_from(number * 7 % cells.len() as u64).unwrap_or_default();
    let (way, nth, fault) = cells[place].clone();
    let rule = Rule::new(FULFILMENT, fault.clone()).nth(nth);
    let struck = goes(bench, number, way, rule).await?;
    drained(bench).await;
    let (was_struck, may_miss) = (struck.trigger_count() > 0, matches!(way, Way::WhileCharging));
    bench.faults().clear_rules();
    if was_struck || may_miss {
        return Ok(was_struck);
    }
    let subject = format!("{way:?}, call {nth}, {fault:?}");
    Err(Violation::new(Invariant::Sagas, subject, "the call is made", "it was never made"))
}

/// An order goes its way, and meets the rule on it.
async fn goes(bench: &Fixture, number: u64, way: Way, rule: Rule) -> Result<Injection, Violation> {
    match way {
        Way::Forward(course, _) => {
            let struck = bench.faults().inject(rule);
            let placed = course.place(bench, number).await?;
            if course == Scenario::Paid {
                placed.payable(bench).await?;
            } else {
                course.ends(bench, &placed).await?;
            }
            Ok(struck)
        }
        Way::Backward(course, _) => {
            let placed = course.place(bench, number).await?;
            placed.is(bench, "confirmed").await?;
            drained(bench).await;
            let struck = bench.faults().inject(rule);
            course.run_after(bench, &placed).await?;
            course.ends(bench, &placed).await?;
            Ok(struck)
        }
        Way::WhileCharging => {
            let placed = under_charge(bench, number).await?;
            let struck = bench.faults().inject(rule);
            placed.cancel(bench).await?;
            Scenario::Cancelled.ends(bench, &placed).await?;
            Ok(struck)
        }
    }
}

/// An order whose charge is under way, and takes a while yet.
async fn under_charge(bench: &Fixture, number: u64) -> Result<Placed, Violation> {
    let work = if number.is_multiple_of(2) { WorkAt::Start } else { WorkAt::End };
    let slow = Misbehaviour::on(Operation::Create, Effect::Slow { ms: 400, work });
    bench.shop.stack().payments().clear_fault_rules();
    bench.shop.stack().payments().add_fault_rule(slow.times(1));
    let placed = Scenario::Confirmed.place(bench, number).await?;
    placed.is(bench, "awaiting_payment").await?;
    Ok(placed)
}

/// Waits until no message is left for the saga. Whatever was put off comes at once.
async fn drained(bench: &Fixture) {
    let stack = bench.shop.stack();
    let empty = || async {
        stack.redeliver_failed(FailedMessages::Any, Some("FulfilmentQueue")).await;
        let depth = stack.queue_depth("FulfilmentQueue").await.ok().flatten();
        depth.is_none_or(|depth| depth.total() == 0).then_some(())
    };
    if bench.until(empty).await.is_some() {
        // The last message is gone from its queue a moment after its function has answered.
        let _ = stack.idle(Duration::from_millis(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_in_a_row_go_through_every_cell() {
        let count = cells().len() as u64;
        assert!(count > 100, "{count}");
        let visited: std::collections::BTreeSet<u64> = (0..count).map(|number| number * 7 % count).collect();
        assert_eq!(visited.len() as u64, count);
    }
}
