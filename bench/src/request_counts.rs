//! Counts of the requests and capacity units of each operation, independent of the machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;

use local::faults::{Call, CapacityUnits, Service};
use serde::{Deserialize, Serialize};

use crate::fixture::Fixture;

/// Requests and capacity units of a set of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Number of requests, by operation.
    pub requests: BTreeMap<String, u64>,
    /// Read units.
    pub read: CapacityUnits,
    /// Write units.
    pub written: CapacityUnits,
}

/// DynamoDB operations that consume read units.
const READS: [&str; 3] = ["BatchGetItem", "GetItem", "Query"];

impl Cost {
    /// Sums up the calls.
    #[must_use]
    pub fn of(calls: &[Call]) -> Self {
        let mut cost = Self::default();
        for call in calls {
            *cost.requests.entry(name(call)).or_default() += 1;
            let units = call.units.unwrap_or_default();
            if READS.contains(&call.operation.as_str()) {
                cost.read = cost.read + units;
            } else {
                cost.written = cost.written + units;
            }
        }
        cost
    }

    /// Sum of both costs.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (name, count) in &other.requests {
            *self.requests.entry(name.clone()).or_default() += count;
        }
        Self { requests: self.requests, read: self.read + other.read, written: self.written + other.written }
    }

    /// Total number of requests.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Requests as text, like `2: BatchGetItem, TransactWriteItems`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let label = |(name, count): (&String, &u64)| match count {
            1 => name.clone(),
            count => format!("{count} {name}"),
        };
        let each: Vec<String> = self.requests.iter().map(label).collect();
        if each.is_empty() { "0".to_owned() } else { format!("{}: {}", self.all(), each.join(", ")) }
    }
}

/// Label of a call: its operation, or the service for the payment gateway and SES.
fn name(call: &Call) -> String {
    match call.service {
        Service::DynamoDb | Service::Sqs => call.operation.clone(),
        Service::Payments => "payment gateway".to_owned(),
        Service::Ses => "SendEmail".to_owned(),
        Service::Bedrock => "InvokeModel".to_owned(),
    }
}

/// Cost of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Label of the operation.
    pub name: String,
    /// Function that performs it.
    pub function: String,
    /// Requests and units.
    pub cost: Cost,
    /// True if the number of commits depends on timing, and the maximum is recorded.
    pub at_most: bool,
}

/// Operation that commits a transaction.
const COMMIT: &str = "TransactWriteItems";

async fn measure(fixture: &Fixture, function: &str, work: impl Future<Output = ()>) -> Cost {
    fixture.faults().clear_calls();
    work.await;
    Cost::of(&fixture.calls_of(function))
}

/// Costs of all operations.
#[derive(Debug, Default)]
pub struct CostTable {
    entries: Vec<Counted>,
}

impl CostTable {
    /// Counts the calls of a function during `work`.
    pub async fn count(
        &mut self,
        fixture: &Fixture,
        name: &str,
        function: &str,
        work: impl Future<Output = ()>,
    ) {
        let cost = measure(fixture, function, work).await;
        self.entries.push(Counted {
            name: name.to_owned(),
            function: function.to_owned(),
            cost,
            at_most: false,
        });
    }

    /// Counts the calls of a function during `work`, and records `commits` as the maximum number of commits,
    /// because some can be merged.
    ///
    /// # Panics
    /// If there are more commits.
    pub async fn count_up_to(
        &mut self,
        fixture: &Fixture,
        name: &str,
        function: &str,
        commits: u64,
        work: impl Future<Output = ()>,
    ) {
        let mut cost = measure(fixture, function, work).await;
        let actual = cost.requests.insert(COMMIT.to_owned(), commits).unwrap_or_default();
        assert!(actual <= commits, "{name}: {actual} commits, at most {commits} expected");
        self.entries.push(Counted {
            name: name.to_owned(),
            function: function.to_owned(),
            cost,
            at_most: true,
        });
    }

    /// Counts a `GET` request of the buyer.
    pub async fn get(&mut self, fixture: &Fixture, name: &str, function: &str, path: &str) {
        self.count(fixture, name, function, async { drop(fixture.get(path).await) }).await;
    }

    /// Entry with this label.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Counted> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// All entries, in the order in which they were counted.
    #[must_use]
    pub fn entries(&self) -> &[Counted] {
        &self.entries
    }

    /// Markdown table of the entries.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table =
            "| operation | function | requests | read units | write units |\n|---|---|---|---:|---:|\n"
                .to_owned();
        for Counted { name, function, cost, at_most } in &self.entries {
            let (requests, read, written) = (cost.in_words(), cost.read, cost.written);
            let requests = if *at_most { format!("up to {requests}") } else { requests };
            let _ = writeln!(table, "| {name} | `{function}` | {requests} | {read} | {written} |");
        }
        table
    }
}
