//! An order's whole way, over all functions: from the request that places it to what follows from its confirmation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use local::StackBuilder;
use local::faults::{Call, Service};
use local::services::lambda::FunctionStats;
use serde_json::Value;

use crate::fixture::Fixture;
use crate::request_counts::Cost;

/// How long events are gathered before they are counted: longer than an order takes here, so that all of its events are.
const WINDOW: &str = "5";

/// One function's part of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionShare {
    /// The function.
    pub function: String,
    /// What it asks for until the order is confirmed.
    pub before: Cost,
    /// What it asks for then.
    pub after: Cost,
    /// How often it is invoked.
    pub invocations: u64,
    /// How long it works, in all of them together.
    pub busy: Duration,
    /// How much memory it has, in MiB.
    pub memory: u32,
}

/// The way of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLifecycle {
    /// The parts, in the order in which functions first take part.
    pub parts: Vec<FunctionShare>,
}

impl OrderLifecycle {
    /// Has an order placed that is paid at once, and watches all that comes of it, where each request to a service takes
    /// `delay` longer.
    ///
    /// # Panics
    /// If the order is not confirmed.
    pub async fn watch(bins: &Path, delay: Duration) -> Self {
        let gathered = |builder: StackBuilder| builder.parameter("AnalyticsWindowSeconds", WINDOW);
        let stage = Box::pin(Fixture::with_settings(bins, gathered)).await;
        stage.shop.order_in(&stage.buyer, &stage.order, &["confirmed"]).await;
        stage.shop.wait_until_idle().await;
        for service in [Service::DynamoDb, Service::Sqs, Service::Ses, Service::Payments] {
            stage.faults().delay_every_call(service, delay);
        }
        stage.faults().forget_calls();
        let before = stage.shop.stack().stats();
        let order = stage.place("watched").await;
        stage.shop.wait_until_idle().await;
        let (calls, after) = (stage.faults().calls(), stage.shop.stack().stats());
        let shown: Value = stage.shop.get_order(&stage.buyer, &order).await;
        assert_eq!(shown["status"], "confirmed");
        let mut journey = Self::of(&calls);
        for part in &mut journey.parts {
            part.worked(&stage, (&before, &after));
        }
        journey
    }

    /// The way that these calls are; those of the limiter are none of it.
    fn of(calls: &[Call]) -> Self {
        let confirmed = calls.iter().rposition(|call| is_commit_of(call, "queue-fulfilment"));
        let confirmed = confirmed.expect("the order was confirmed");
        let own: Vec<(usize, &Call)> =
            calls.iter().enumerate().filter(|(_, call)| call.operation != "UpdateItem").collect();
        let mut seen = BTreeSet::new();
        let functions = own.iter().filter(|(_, call)| seen.insert(&call.function));
        let part = |(_, first): &(usize, &Call)| {
            let part = |wanted: &dyn Fn(usize) -> bool| {
                let of = own.iter().filter(|(at, call)| call.function == first.function && wanted(*at));
                Cost::of(&of.map(|(_, call)| (*call).clone()).collect::<Vec<_>>())
            };
            let (function, busy) = (first.function.clone(), Duration::ZERO);
            let (before, after) = (part(&|at| at <= confirmed), part(&|at| at > confirmed));
            FunctionShare { function, before, after, invocations: 0, busy, memory: 0 }
        };
        Self { parts: functions.map(part).collect() }
    }

    /// Requests of all functions until the order is confirmed, and then.
    #[must_use]
    pub fn requests(&self) -> (u64, u64) {
        let sum = |of: fn(&FunctionShare) -> &Cost| self.parts.iter().map(|part| of(part).all()).sum();
        (sum(|part| &part.before), sum(|part| &part.after))
    }

    /// Capacity units of all functions, read and written.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let parts = self.parts.iter().flat_map(|part| [&part.before, &part.after]);
        parts.fold(Cost::default(), Cost::plus)
    }

    /// As a table, in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "| function | until it is confirmed | then | read units | write units |\n\
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
    /// Notes how often the function was invoked, and how long it worked.
    fn worked(&mut self, stage: &Fixture, (before, after): (&Stats, &Stats)) {
        let of = |stats: &Stats| stats.get(&self.function).copied().unwrap_or_default();
        let (before, after) = (of(before), of(after));
        let function = stage.shop.stack().deployment().function(&self.function);
        self.memory = function.map_or(0, |function| function.memory);
        self.invocations = after.invocations - before.invocations;
        self.busy = after.busy.saturating_sub(before.busy);
    }
}

/// What happened to functions so far.
type Stats = BTreeMap<String, FunctionStats>;

/// Whether a function commits something by this call.
fn is_commit_of(call: &Call, function: &str) -> bool {
    call.function == function && call.operation == "TransactWriteItems"
}
