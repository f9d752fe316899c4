//! Executes background jobs page by page.
//!
//! - `event.rs`: events consumed
//! - `consumer.rs`: starts a job and maps its result to the outcome of the message
//! - `pages.rs`: processes and commits the pages of a job
//! - `report.rs`, `csv.rs`: pages and rows of a sales report
//! - `reindex.rs`: pages of a reindex
//! - `export.rs`, `export_rows.rs`: pages and rows of a data export
//!
//! An invocation holds at most one uncommitted page. After a crash, the next attempt continues with the page
//! after the last commit.

mod config;
mod consumer;
mod csv;
mod event;
mod export;
mod export_rows;
mod pages;
mod reindex;
mod report;

use std::time::Duration;

use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::Store;
use shared::kit::queue::consumer::PerRecord;
use shared::kit::queue::consumer::multi_queue::MultiQueue;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::kit::system::config::{ConfigError, Environment};
use shared::search::Embedder;

pub use crate::config::{PageSize, TimeSlice};
pub use crate::event::ReportEvent;

/// Consumer that executes the jobs requested on the two report queues.
#[derive(Debug, Clone)]
pub struct Reports<S, E, C = SystemClock> {
    store: S,
    reader: DynamoReader,
    embedder: E,
    clock: C,
    page_size: PageSize,
    time_slice: TimeSlice,
}

/// Maximum duration of a job in one invocation: the maximum time slice, and the read and commit of its last
/// page.
const MAX_DURATION: Duration = Duration::from_secs(27);

impl<S: Store, E: Embedder> Reports<S, E> {
    /// Creates a consumer on these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn from_env(
        env: &Environment,
        store: S,
        reader: DynamoReader,
        embedder: E,
    ) -> Result<Self, ConfigError> {
        let (page_size, time_slice) =
            (env.parse("AGORA_REPORT_PAGE_SIZE")?, env.parse("AGORA_REPORT_TIME_SLICE_SECONDS")?);
        Ok(Self { store, reader, embedder, clock: SystemClock, page_size, time_slice })
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock<C: Clock>(self, clock: C) -> Reports<S, E, C> {
        let Self { store, reader, embedder, page_size, time_slice, .. } = self;
        Reports { store, reader, embedder, clock, page_size, time_slice }
    }
}

impl<S, E, C> Reports<S, E, C> {
    /// Converts it into a batch handler that runs one job at a time.
    pub fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: 1, max_duration: MAX_DURATION }
    }
}

/// Returns the queues of both priorities.
///
/// # Errors
/// [`ConfigError`] if a variable is missing or invalid.
pub fn queues(env: &Environment, sqs: &aws_sdk_sqs::Client) -> Result<MultiQueue, ConfigError> {
    let normal = SqsQueue::from_env(env, sqs.clone())?;
    let (urgent, dead_letters) =
        (env.text("AGORA_URGENT_QUEUE_URL")?, env.text("AGORA_URGENT_DEAD_LETTER_QUEUE_URL")?);
    let urgent = SqsQueue::new(sqs.clone(), urgent.to_owned(), dead_letters.to_owned());
    Ok(MultiQueue::new(vec![normal, urgent]))
}
