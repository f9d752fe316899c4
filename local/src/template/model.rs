//! The deployment as the local stack runs it: typed, with every reference resolved.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use crate::services::event_sources::filter::Filters;
use crate::services::event_sources::schedule_expression::Expression;

/// What a template describes.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The functions, in the order of their logical ids.
    pub functions: Vec<Function>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The CORS configuration of the HTTP API, if it has one.
    pub cors: Option<Cors>,
    /// How many requests the HTTP API lets through, if that is limited.
    pub throttle: Option<Throttle>,
}

/// How many requests an HTTP API lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Each second.
    pub rate: u32,
    /// At once.
    pub burst: u32,
}

impl Deployment {
    /// The function with this stem or logical id.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.stem == name || function.logical_id == name)
    }

    /// The queue with this logical id.
    #[must_use]
    pub fn queue(&self, logical_id: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.logical_id == logical_id)
    }

    /// The table with this logical id.
    #[must_use]
    pub fn table(&self, logical_id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.logical_id == logical_id)
    }

    /// Every route with the stem of its function.
    pub fn routes(&self) -> impl Iterator<Item = (&Route, &str)> {
        self.functions
            .iter()
            .flat_map(|function| function.routes.iter().map(|route| (route, function.stem.as_str())))
    }
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// The stem that crate, binary and folder share.
    pub stem: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Memory in MiB; told to the function, not enforced.
    pub memory: u32,
    /// Its environment, resolved.
    pub environment: BTreeMap<String, String>,
    /// What its role grants, to the function and to Lambda in its name.
    pub grants: BTreeSet<Grant>,
    /// ARN of the log group that Lambda writes to for it.
    pub log_group: Option<String>,
    /// Whether X-Ray is told of its invocations.
    pub traced: bool,
    /// Routes of the HTTP API that lead to it.
    pub routes: Vec<Route>,
    /// Queues that invoke it.
    pub queues: Vec<QueueMapping>,
    /// Streams that invoke it.
    pub streams: Vec<StreamMapping>,
    /// Schedules that invoke it.
    pub schedules: Vec<Schedule>,
}

/// That a function may do something to something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What it may do, like `dynamodb:PutItem`.
    pub action: String,
    /// To what: an ARN.
    pub resource: String,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, …, or `ANY`.
    pub method: String,
    /// A path with `{name}` and at most one final `{name+}`, or `$default`.
    pub path: String,
}

/// An SQS event source.
#[derive(Clone, Debug)]
pub struct QueueMapping {
    /// Name of the queue.
    pub queue: String,
    /// Most messages in one invocation.
    pub batch_size: usize,
    /// How long to gather messages once there is one.
    pub window: Duration,
    /// Most invocations at the same time.
    pub maximum_concurrency: Option<usize>,
    /// Whether the function names the messages that failed.
    pub report_failures: bool,
    /// Which messages reach the function at all.
    pub filters: Filters,
}

/// A DynamoDB stream event source.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    /// Key of the event under the function; names the checkpoint.
    pub name: String,
    /// Name of the table.
    pub table: String,
    /// Most records in one invocation.
    pub batch_size: usize,
    /// How long to gather records once there is one.
    pub window: Duration,
    /// Batches of one shard that run at the same time.
    pub parallelization: usize,
    /// Which records reach the function at all.
    pub filters: Filters,
    /// Whether a failed batch is split in two.
    pub bisect: bool,
    /// How often a failed batch is tried again; `None` is until its records expire.
    pub max_retries: Option<u32>,
    /// Age beyond which a failing record is given up.
    pub max_age: Option<Duration>,
    /// Where to begin without a checkpoint.
    pub start: StartingPosition,
    /// ARN of the queue that Lambda tells of batches that were given up; on this machine the terminal is told.
    pub on_failure: Option<String>,
    /// Whether the function names the first record that failed.
    pub report_failures: bool,
}

/// Where a stream is read from when there is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// The oldest record that there is.
    TrimHorizon,
    /// Only what is written from now on.
    Latest,
}

/// Which of the two AWS schedulers sends the event; the events differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleKind {
    /// An `EventBridge` rule (`Type: Schedule`).
    Rule,
    /// The `EventBridge` Scheduler (`Type: ScheduleV2`).
    Scheduler,
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its key under the function's events.
    pub name: String,
    /// Which scheduler.
    pub kind: ScheduleKind,
    /// When.
    pub expression: Expression,
    /// The payload, if the template gives one.
    pub input: Option<Value>,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// The request that creates it, in DynamoDB's own form.
    pub create: Value,
    /// The attribute that expires items, if any.
    pub time_to_live: Option<String>,
    /// Whether it has a stream.
    pub stream: bool,
}

/// An SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Attributes for `CreateQueue`, without the redrive policy.
    pub attributes: BTreeMap<String, String>,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
    /// ARNs of the queues whose messages may be moved here; `None` is any of the account.
    pub redrive_sources: Option<Vec<String>>,
}

/// A redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// ARN of the dead-letter queue.
    pub target_arn: String,
    /// Receives before a message goes there.
    pub max_receive_count: u32,
}

/// The CORS configuration of the HTTP API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Exact origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Methods.
    pub allow_methods: Vec<String>,
    /// Request headers.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may keep the answer, in seconds.
    pub max_age: Option<u32>,
    /// Whether cookies are allowed.
    pub allow_credentials: bool,
}
