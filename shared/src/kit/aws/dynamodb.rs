//! DynamoDB: execution of commands and queries on one table. Independent of the marketplace.
//!
//! Futures of SDK calls are several kilobytes large. They are boxed where they are created, so that the
//! futures around them stay small: the future of a request is moved once for each layer that it passes.

pub mod capacity;
pub mod event_log;
pub mod expression;
pub mod schema;

mod error;
pub mod read;
mod store;
pub mod write;

use std::sync::Arc;
use std::time::Duration;

pub use read::consistency::Consistency;
pub use read::reader::DynamoReader;
pub use store::DynamoStore;

use crate::kit::telemetry::retries::Retry;

/// A table and the client to access it.
#[derive(Debug, Clone)]
pub struct Table {
    client: aws_sdk_dynamodb::Client,
    name: Arc<str>,
    event_retention: Duration,
}

/// Time for which the event log keeps events, unless it is configured.
pub const DEFAULT_EVENT_RETENTION: Duration = Duration::from_hours(30 * 24);

impl Table {
    /// The table with the name `name`.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, name: &str) -> Self {
        Self { client, name: name.into(), event_retention: DEFAULT_EVENT_RETENTION }
    }

    /// Sets the time for which the event log keeps events.
    #[must_use]
    pub fn with_event_retention(self, event_retention: Duration) -> Self {
        Self { event_retention, ..self }
    }

    /// Time for which the event log keeps events.
    #[must_use]
    pub const fn event_retention(&self) -> Duration {
        self.event_retention
    }
}

/// Records a retry that the SDK does not make.
fn record_retry(operation: &str, attempt: u32, delay: Duration, reason: &'static str) {
    Retry { dependency: "DynamoDB", operation, attempt, delay, reason }.record();
}
