//! Typed model of the deployment, with every reference resolved.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use crate::services::event_sources::filter::Filters;
use crate::services::event_sources::schedule_expression::Expression;

/// Deployment that a template describes.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Functions, ordered by logical id.
    pub functions: Vec<Function>,
    /// DynamoDB tables.
    pub tables: Vec<Table>,
    /// SQS queues.
    pub queues: Vec<Queue>,
    /// CORS configuration of the HTTP API, if any.
    pub cors: Option<Cors>,
    /// Throttling of the HTTP API, if any.
    pub throttle: Option<Throttle>,
}

/// Throttling limits of an HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Requests per second.
    pub rate: u32,
    /// Maximum burst of requests.
    pub burst: u32,
}

impl Deployment {
    /// Function with this stem or logical id.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.stem == name || function.logical_id == name)
    }

    /// Queue with this logical id.
    #[must_use]
    pub fn queue(&self, logical_id: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.logical_id == logical_id)
    }

    /// Table with this logical id.
    #[must_use]
    pub fn table(&self, logical_id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.logical_id == logical_id)
    }

    /// Value of an environment variable of the first function that has it, as a number.
    pub(crate) fn variable(&self, name: &str) -> Option<u32> {
        self.functions.iter().find_map(|function| function.environment.get(name))?.parse().ok()
    }

    /// All routes, each with the stem of its function.
    pub fn routes(&self) -> impl Iterator<Item = (&Route, &str)> {
        self.functions
            .iter()
            .flat_map(|function| function.routes.iter().map(|route| (route, function.stem.as_str())))
    }
}

/// Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Logical id.
    pub logical_id: String,
    /// Stem: the common name of crate, binary and folder.
    pub stem: String,
    /// Timeout of an invocation.
    pub timeout: Duration,
    /// Memory in MiB. The function can read it, but it is not enforced.
    pub memory: u32,
    /// Resolved environment variables.
    pub environment: BTreeMap<String, String>,
    /// Grants of the function's role, including those that Lambda itself needs.
    pub grants: BTreeSet<IamGrant>,
    /// ARN of the function's log group.
    pub log_group: Option<String>,
    /// True if invocations are traced with X-Ray.
    pub traced: bool,
    /// HTTP API routes of the function.
    pub routes: Vec<Route>,
    /// SQS event source mappings.
    pub queues: Vec<QueueMapping>,
    /// DynamoDB stream event source mappings.
    pub streams: Vec<StreamMapping>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
}

/// Permission to perform an action on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IamGrant {
    /// Action, like `dynamodb:PutItem`.
    pub action: String,
    /// ARN of the resource.
    pub resource: String,
}

/// Route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// HTTP method, or `ANY`.
    pub method: String,
    /// Path with `{name}` variables and at most one final `{name+}`, or `$default`.
    pub path: String,
}

/// SQS event source mapping.
#[derive(Clone, Debug)]
pub struct QueueMapping {
    /// Name of the queue.
    pub queue: String,
    /// Maximum number of messages per batch.
    pub batch_size: usize,
    /// Batching window, which starts with the first message.
    pub window: Duration,
    /// Maximum number of concurrent invocations.
    pub maximum_concurrency: Option<usize>,
    /// True if the function reports batch item failures.
    pub report_failures: bool,
    /// Filters for messages. Others are deleted without an invocation.
    pub filters: Filters,
}

/// DynamoDB stream event source mapping.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    /// Name of the event in the template, used in the name of the checkpoint file.
    pub name: String,
    /// Name of the table.
    pub table: String,
    /// Maximum number of records per batch.
    pub batch_size: usize,
    /// Batching window, which starts with the first record.
    pub window: Duration,
    /// Parallelization factor: number of concurrent batches per shard.
    pub parallelization: usize,
    /// Filters for records. Others are skipped.
    pub filters: Filters,
    /// True if a failed batch is split in two.
    pub bisect: bool,
    /// Maximum number of retries of a failed batch. `None` means until its records expire.
    pub max_retries: Option<u32>,
    /// Maximum age of a failing record before it is discarded.
    pub max_age: Option<Duration>,
    /// Starting position without a checkpoint.
    pub start: StartingPosition,
    /// ARN of the on-failure destination for discarded batches. The local stack writes them to the log
    /// instead.
    pub on_failure: Option<String>,
    /// True if the function reports the first failed record.
    pub report_failures: bool,
}

/// Starting position in a stream without a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// Oldest record of the stream.
    TrimHorizon,
    /// Records written after the start.
    Latest,
}

/// AWS service that runs a schedule. Their events differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleKind {
    /// `EventBridge` rule (`Type: Schedule`).
    Rule,
    /// `EventBridge` Scheduler (`Type: ScheduleV2`).
    Scheduler,
}

/// Schedule of a function.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Name of the event in the template.
    pub name: String,
    /// Service that runs the schedule.
    pub kind: ScheduleKind,
    /// Schedule expression.
    pub expression: Expression,
    /// Payload from the template, if any.
    pub input: Option<Value>,
    /// True if the schedule is enabled.
    pub enabled: bool,
}

/// DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Logical id.
    pub logical_id: String,
    /// Table name.
    pub name: String,
    /// Request that creates the table, in DynamoDB's format.
    pub create: Value,
    /// Time-to-live attribute, if any.
    pub time_to_live: Option<String>,
    /// True if the table has a stream.
    pub stream: bool,
}

/// SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Logical id.
    pub logical_id: String,
    /// Queue name.
    pub name: String,
    /// Attributes for `CreateQueue`, without the redrive policy.
    pub attributes: BTreeMap<String, String>,
    /// Redrive policy, if any.
    pub redrive: Option<Redrive>,
    /// ARNs of the queues that may use this queue as their dead-letter queue. `None` allows all queues of the
    /// account.
    pub redrive_sources: Option<Vec<String>>,
}

/// Redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// ARN of the dead-letter queue.
    pub target_arn: String,
    /// Maximum number of receives before a message is moved to the dead-letter queue.
    pub max_receive_count: u32,
}

/// CORS configuration of the HTTP API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Allowed origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Allowed methods.
    pub allow_methods: Vec<String>,
    /// Allowed request headers.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts can read.
    pub expose_headers: Vec<String>,
    /// Time in seconds for which browsers cache the preflight response.
    pub max_age: Option<u32>,
    /// True if credentials are allowed.
    pub allow_credentials: bool,
}
