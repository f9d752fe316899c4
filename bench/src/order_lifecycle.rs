//! Lifecycle of one order across all functions: from the request that places it to the last consumer of its
//! events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use local::StackBuilder;
use local::faults::{Call, Service};
use local::services::lambda::FunctionStats;
use serde_json::Value;

use crate::fixture::{Fixture, is_rate_limit_lease};
use crate::request_counts::Cost;

/// Batching window of `queue-analytics` in seconds: longer than the lifecycle takes, so that all events share
/// a batch.
const WINDOW: &str = "5";

/// Share of one function in the lifecycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionShare {
    /// Name of the function.
    pub function: String,
    /// Cost until the order is confirmed.
    pub before: Cost,
    /// Cost after the confirmation.
    pub after: Cost,
    /// Number of invocations.
    pub invocations: u64,
    /// Total duration of all invocations.
    pub busy: Duration,
    /// Configured memory, in MiB.
    pub memory: u32,
}

/// Lifecycle of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLifecycle {
    /// Share of each function, sorted by its first call.
    pub parts: Vec<FunctionShare>,
}

impl OrderLifecycle {
    /// Places an order that is paid at once, and measures its lifecycle, with `delay` added to each request
    /// to a service.
    ///
    /// # Panics
    /// If the order is not confirmed.
    pub async fn measure(bins: &Path, delay: Duration) -> Self {
        let batched = |builder: StackBuilder| builder.parameter("AnalyticsWindowSeconds", WINDOW);
        let fixture = Box::pin(Fixture::with_settings(bins, batched)).await;
        fixture.app.wait_for_order(&fixture.buyer, &fixture.order, &["confirmed"]).await;
        fixture.app.wait_until_idle().await;
        for service in [Service::DynamoDb, Service::Sqs, Service::Ses, Service::Payments] {
            fixture.faults().delay_every_call(service, delay);
        }
        fixture.faults().clear_calls();
        let before = fixture.app.stack().stats();
        let order = fixture.place("watched").await;
        fixture.app.wait_until_idle().await;
        let (calls, after) = (fixture.faults().calls(), fixture.app.stack().stats());
        let shown: Value = fixture.app.get_order(&fixture.buyer, &order).await;
        assert_eq!(shown["status"], "confirmed");
        let mut lifecycle = Self::of(&calls);
        for part in &mut lifecycle.parts {
            part.add_invocations(&fixture, &before, &after);
        }
        lifecycle
    }

    /// Splits the calls by function, and at the confirmation; calls of the rate limiter are excluded.
    fn of(calls: &[Call]) -> Self {
        let confirmed = calls.iter().rposition(|call| is_commit_of(call, "queue-fulfilment"));
        let confirmed = confirmed.expect("the order was confirmed");
        let own: Vec<(usize, &Call)> =
            calls.iter().enumerate().filter(|(_, call)| !is_rate_limit_lease(call)).collect();
        let mut known = BTreeSet::new();
        let functions = own.iter().filter(|(_, call)| known.insert(&call.function));
        let share = |(_, first): &(usize, &Call)| {
            let cost = |is_included: &dyn Fn(usize) -> bool| {
                let calls =
                    own.iter().filter(|(at, call)| call.function == first.function && is_included(*at));
                Cost::of(&calls.map(|(_, call)| (*call).clone()).collect::<Vec<_>>())
            };
            let (function, busy) = (first.function.clone(), Duration::ZERO);
            let (before, after) = (cost(&|at| at <= confirmed), cost(&|at| at > confirmed));
            FunctionShare { function, before, after, invocations: 0, busy, memory: 0 }
        };
        Self { parts: functions.map(share).collect() }
    }

    /// Requests of all functions until the confirmation, and after it.
    #[must_use]
    pub fn requests(&self) -> (u64, u64) {
        let sum = |of: fn(&FunctionShare) -> &Cost| self.parts.iter().map(|part| of(part).all()).sum();
        (sum(|part| &part.before), sum(|part| &part.after))
    }

    /// Total cost of all functions.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let parts = self.parts.iter().flat_map(|part| [&part.before, &part.after]);
        parts.fold(Cost::default(), Cost::plus)
    }

    /// Markdown table of the shares.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "| function | until confirmation | after confirmation | read units | write units |\n\
             |---|---|---|---:|---:|\n"
            .to_owned();
        for FunctionShare { function, before, after, .. } in &self.parts {
            let (read, written) = (before.read + after.read, before.written + after.written);
            let (before, after) = (before.in_words(), after.in_words());
            let _ = writeln!(table, "| `{function}` | {before} | {after} | {read} | {written} |");
        }
        let (before, after) = self.requests();
        let cost = self.cost();
        let _ = writeln!(table, "| all | {before} | {after} | {} | {} |", cost.read, cost.written);
        table
    }
}

impl FunctionShare {
    /// Sets the number and duration of the invocations, and the memory of the function.
    fn add_invocations(&mut self, fixture: &Fixture, before: &Stats, after: &Stats) {
        let of = |stats: &Stats| stats.get(&self.function).copied().unwrap_or_default();
        let (before, after) = (of(before), of(after));
        let function = fixture.app.stack().deployment().function(&self.function);
        self.memory = function.map_or(0, |function| function.memory);
        self.invocations = after.invocations - before.invocations;
        self.busy = after.busy.saturating_sub(before.busy);
    }
}

/// Statistics of each function since the start of the stack.
type Stats = BTreeMap<String, FunctionStats>;

/// Returns true if the call commits a transaction of the function.
fn is_commit_of(call: &Call, function: &str) -> bool {
    call.function == function && call.operation == "TransactWriteItems"
}
