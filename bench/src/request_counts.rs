//! Counting requests and capacity: what an operation costs, on any machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;

use local::faults::{Call, Service, Units};
use serde::{Deserialize, Serialize};

use crate::fixture::Fixture;

/// What calls came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// How many requests there were, by operation.
    pub requests: BTreeMap<String, u64>,
    /// Read units.
    pub read: Units,
    /// Write units.
    pub written: Units,
}

/// Operations of DynamoDB whose units are read units.
const READS: [&str; 3] = ["BatchGetItem", "GetItem", "Query"];

impl Cost {
    /// What these calls came to.
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

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (name, count) in &other.requests {
            *self.requests.entry(name.clone()).or_default() += count;
        }
        Self { requests: self.requests, read: self.read + other.read, written: self.written + other.written }
    }

    /// How many requests there were.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.requests.values().sum()
    }

    /// The requests in words, like `2: BatchGetItem, TransactWriteItems`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let times = |(name, count): (&String, &u64)| match count {
            1 => name.clone(),
            count => format!("{count} {name}"),
        };
        let each: Vec<String> = self.requests.iter().map(times).collect();
        if each.is_empty() { "0".to_owned() } else { format!("{}: {}", self.all(), each.join(", ")) }
    }
}

/// A call by its operation; those of the payment gateway and the mail service by whose they are.
fn name(call: &Call) -> String {
    match call.service {
        Service::DynamoDb | Service::Sqs => call.operation.clone(),
        Service::Payments => "payment gateway".to_owned(),
        Service::Ses => "SendEmail".to_owned(),
    }
}

/// What an operation costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What is done.
    pub name: String,
    /// The function that does it.
    pub function: String,
    /// What that takes.
    pub cost: Cost,
    /// Whether its commits are counted as if none went together with another, which is for chance to decide.
    pub at_most: bool,
}

/// What commits something.
const COMMIT: &str = "TransactWriteItems";

async fn counted(stage: &Fixture, function: &str, work: impl Future<Output = ()>) -> Cost {
    stage.faults().forget_calls();
    work.await;
    Cost::of(&stage.calls_of(function))
}

/// All that was counted.
#[derive(Debug, Default)]
pub struct CostTable {
    entries: Vec<Counted>,
}

impl CostTable {
    /// Counts what a function calls while `work` is done.
    pub async fn count(
        &mut self,
        stage: &Fixture,
        name: &str,
        function: &str,
        work: impl Future<Output = ()>,
    ) {
        let cost = counted(stage, function, work).await;
        self.entries.push(Counted {
            name: name.to_owned(),
            function: function.to_owned(),
            cost,
            at_most: false,
        });
    }

    /// Counts what a function calls while `work` is done, of whose commits some may go together: `commits` at most.
    ///
    /// # Panics
    /// If there are more.
    pub async fn count_up_to(
        &mut self,
        stage: &Fixture,
        (name, function): (&str, &str),
        commits: u64,
        work: impl Future<Output = ()>,
    ) {
        let mut cost = counted(stage, function, work).await;
        let made = cost.requests.insert(COMMIT.to_owned(), commits).unwrap_or_default();
        assert!(made <= commits, "{name}: {made} commits");
        self.entries.push(Counted {
            name: name.to_owned(),
            function: function.to_owned(),
            cost,
            at_most: true,
        });
    }

    /// Counts a request of the buyer's that only reads.
    pub async fn get(&mut self, stage: &Fixture, name: &str, function: &str, path: &str) {
        self.count(stage, name, function, async { drop(stage.get(path).await) }).await;
    }

    /// What was counted under this name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Counted> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// All of it, in the order in which it was counted.
    #[must_use]
    pub fn entries(&self) -> &[Counted] {
        &self.entries
    }

    /// As a table, in Markdown.
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
