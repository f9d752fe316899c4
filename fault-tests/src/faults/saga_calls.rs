//! Fails each call of the order saga in each possible way, in forward steps and in compensations.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use local::faults::{Fault as CallFault, FaultBody, Injection, Rule};
use local::stack::FailedMessages;
use serde_json::json;
use stripe_sandbox::{Effect, Operation, Rule as GatewayRule, WorkAt};
use test_support::audit::{Invariant, Violation};

use super::FULFILMENT;
use crate::fault::{Fault, TrialCounts, Trials};
use crate::fixture::Fixture;
use crate::scenario::{PlacedOrder, Scenario};

pub(crate) struct SagaCalls;

/// Kind of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallKind {
    /// Takes the slot of a call to the gateway.
    Turn,
    Read,
    Write,
    Gateway,
}

/// Failure of a call.
#[derive(Debug, Clone, Copy)]
enum Failure {
    KillBefore,
    KillAfter,
    Unavailable,
    Throttled,
    Conflict,
    Lost,
}

/// Sequence of calls of the saga in a scenario.
#[derive(Debug, Clone, Copy)]
enum SagaPath {
    /// Calls from the placement of the order.
    Forward(Scenario, &'static [CallKind]),
    /// Calls from the buyer's or seller's action on the confirmed order.
    Backward(Scenario, &'static [CallKind]),
    /// Calls from the cancellation of an order during its charge. Their number depends on the race.
    WhileCharging,
}

const PATHS: [SagaPath; 7] = [
    SagaPath::Forward(
        Scenario::Confirmed,
        &[CallKind::Turn, CallKind::Read, CallKind::Write, CallKind::Gateway, CallKind::Write],
    ),
    SagaPath::Forward(
        Scenario::Declined,
        &[CallKind::Turn, CallKind::Read, CallKind::Write, CallKind::Gateway, CallKind::Write],
    ),
    SagaPath::Forward(
        Scenario::OutOfStock,
        &[CallKind::Turn, CallKind::Read, CallKind::Write, CallKind::Read, CallKind::Write],
    ),
    SagaPath::Forward(
        Scenario::Paid,
        &[CallKind::Turn, CallKind::Read, CallKind::Write, CallKind::Gateway, CallKind::Write],
    ),
    SagaPath::Backward(
        Scenario::Cancelled,
        &[CallKind::Turn, CallKind::Read, CallKind::Gateway, CallKind::Write],
    ),
    SagaPath::Backward(
        Scenario::Refunded,
        &[CallKind::Turn, CallKind::Read, CallKind::Gateway, CallKind::Write],
    ),
    SagaPath::WhileCharging,
];

const FAILURES: [Failure; 6] = [
    Failure::KillBefore,
    Failure::KillAfter,
    Failure::Unavailable,
    Failure::Throttled,
    Failure::Conflict,
    Failure::Lost,
];

/// Maximum number of calls after the cancellation of an order during its charge.
const CALLS_WHILE_CHARGING: u64 = 5;

impl SagaPath {
    const fn calls(self) -> u64 {
        match self {
            Self::Forward(_, calls) | Self::Backward(_, calls) => calls.len() as u64,
            Self::WhileCharging => CALLS_WHILE_CHARGING,
        }
    }

    /// Kind of the `nth` call, counted from 1.
    fn kind_of(self, nth: u64) -> CallKind {
        let place = usize::try_from(nth - 1).unwrap_or_default();
        match self {
            Self::Forward(_, calls) | Self::Backward(_, calls) => calls[place],
            Self::WhileCharging => CallKind::Write,
        }
    }
}

/// Each call of each path, with each failure that can occur.
fn cases() -> Vec<(SagaPath, u64, CallFault)> {
    let calls = PATHS.into_iter().flat_map(|path| (1..=path.calls()).map(move |nth| (path, nth)));
    let failing = calls.flat_map(|(path, nth)| FAILURES.into_iter().map(move |failure| (path, nth, failure)));
    failing
        .filter_map(|(path, nth, failure)| Some((path, nth, fault_of(path.kind_of(nth), failure)?)))
        .collect()
}

/// Injected fault; `None` if this kind of call cannot fail this way.
fn fault_of(kind: CallKind, failure: Failure) -> Option<CallFault> {
    let dynamodb = |kind: &str| json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}") });
    let stripe = |kind: &str| json!({ "error": { "type": kind } });
    Some(match (failure, kind) {
        (Failure::KillBefore, _) => CallFault::KillBefore,
        (Failure::KillAfter, _) => CallFault::KillAfter,
        (Failure::Lost, _) => CallFault::DropResponse,
        (Failure::Unavailable, CallKind::Gateway) => CallFault::unavailable(),
        (Failure::Unavailable, _) => CallFault::Status(500, FaultBody::Json(dynamodb("InternalServerError"))),
        (Failure::Throttled, CallKind::Gateway) => {
            CallFault::Status(429, FaultBody::Json(stripe("invalid_request_error")))
        }
        (Failure::Throttled, _) => CallFault::throttled(),
        (Failure::Conflict, CallKind::Gateway) => {
            CallFault::Status(409, FaultBody::Json(stripe("invalid_request_error")))
        }
        (Failure::Conflict, CallKind::Write) => CallFault::transaction_conflict(),
        (Failure::Conflict, CallKind::Read | CallKind::Turn) => return None,
    })
}

impl Fault for SagaCalls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn description(&self) -> &'static str {
        "one call of the saga fails: kill before or after it, 5xx, throttling, conflict, lost response"
    }

    fn trial_counts(&self) -> TrialCounts {
        let cases = cases().len() as u64;
        TrialCounts { long: 50 * cases, short: cases / 6, per_stack: 33 }
    }

    fn run<'a>(&'a self, fixture: &'a Fixture, trials: Trials) -> BoxFuture<'a, ()> {
        // Webhooks would repair what the saga must handle itself.
        fixture.app.stack().payments().set_webhook_url(None);
        // Sequential, because a rule counts the calls of a function for all orders. The short form runs a
        // sixth of the cases.
        fixture.run_trials(trials, 1, |trial| one(fixture, trial.number)).boxed()
    }
}

async fn one(fixture: &Fixture, number: u64) -> Result<bool, Violation> {
    let cases = cases();
    // 7 is coprime to the number of cases, so that consecutive trials cover all paths.
    let position = usize::try_from(number * 7 % cases.len() as u64).unwrap_or_default();
    let (path, nth, fault) = cases[position].clone();
    let rule = Rule::new(FULFILMENT, fault.clone()).nth(nth);
    let injection = run_with_rule(fixture, number, path, rule).await?;
    drain_queue(fixture).await;
    let (has_occurred, may_miss) = (injection.trigger_count() > 0, matches!(path, SagaPath::WhileCharging));
    fixture.faults().clear_rules();
    if has_occurred || may_miss {
        return Ok(has_occurred);
    }
    let subject = format!("{path:?}, call {nth}, {fault:?}");
    Err(Violation::new(Invariant::Sagas, subject, "the call is made", "the call was never made"))
}

/// Runs an order along `path` with the rule injected.
async fn run_with_rule(
    fixture: &Fixture,
    number: u64,
    path: SagaPath,
    rule: Rule,
) -> Result<Injection, Violation> {
    match path {
        SagaPath::Forward(scenario, _) => {
            let injection = fixture.faults().inject(rule);
            let placed = scenario.place(fixture, number).await?;
            if scenario == Scenario::Paid {
                placed.wait_for_payment_intent(fixture).await?;
            } else {
                scenario.wait_for_end(fixture, &placed).await?;
            }
            Ok(injection)
        }
        SagaPath::Backward(scenario, _) => {
            let placed = scenario.place(fixture, number).await?;
            placed.wait_for_status(fixture, "confirmed").await?;
            drain_queue(fixture).await;
            let injection = fixture.faults().inject(rule);
            scenario.run_after(fixture, &placed).await?;
            scenario.wait_for_end(fixture, &placed).await?;
            Ok(injection)
        }
        SagaPath::WhileCharging => {
            let placed = place_with_slow_charge(fixture, number).await?;
            let injection = fixture.faults().inject(rule);
            placed.cancel(fixture).await?;
            Scenario::Cancelled.wait_for_end(fixture, &placed).await?;
            Ok(injection)
        }
    }
}

/// Places an order whose charge is slow, and waits until the charge is in progress.
async fn place_with_slow_charge(fixture: &Fixture, number: u64) -> Result<PlacedOrder, Violation> {
    let work = if number.is_multiple_of(2) { WorkAt::Start } else { WorkAt::End };
    let slow = GatewayRule::on(Operation::Create, Effect::Slow { ms: 400, work });
    fixture.app.stack().payments().clear_fault_rules();
    fixture.app.stack().payments().add_fault_rule(slow.times(1));
    let placed = Scenario::Confirmed.place(fixture, number).await?;
    placed.wait_for_status(fixture, "awaiting_payment").await?;
    Ok(placed)
}

/// Waits until the saga's queue is empty; failed messages are redelivered at once.
async fn drain_queue(fixture: &Fixture) {
    let stack = fixture.app.stack();
    let empty = || async {
        stack.redeliver_failed(FailedMessages::Any, Some("FulfilmentQueue")).await;
        let depth = stack.queue_depth("FulfilmentQueue").await.ok().flatten();
        depth.is_none_or(|depth| depth.total() == 0).then_some(())
    };
    if fixture.poll(empty).await.is_some() {
        // The last message is deleted from the queue shortly after its function has responded.
        let _ = stack.idle(Duration::from_millis(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_trials_cover_every_case() {
        let count = cases().len() as u64;
        assert!(count > 100, "{count}");
        let visited: std::collections::BTreeSet<u64> = (0..count).map(|number| number * 7 % count).collect();
        assert_eq!(visited.len() as u64, count);
    }
}
