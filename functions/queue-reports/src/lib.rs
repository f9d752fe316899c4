//! Long reports, page by page.
//!
//! Read it in this order: `heard.rs` is what is asked for, `run.rs` takes a job up and says how that ended; `report.rs` gets on
//! with it, page by page, and `table.rs` has the rows. Between two commits nothing is kept but a page: whoever dies loses
//! what the table does not have yet, and whoever comes next begins there.

mod config;
mod consumer;
mod csv;
mod event;
mod report;

use std::time::Duration;

use shared::kit::command::Store;
use shared::kit::queue::consumer::PerRecord;
use shared::kit::queue::consumer::multi_queue::MultiQueue;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::kit::system::config::{ConfigError, Environment};
use shared::repository::order::market_orders::MarketOrdersReader;

pub use crate::config::{PageSize, TimeSlice};
pub use crate::event::Heard;

/// Makes the reports that the messages of two queues ask for.
#[derive(Debug, Clone)]
pub struct Reports<S, Q, C = SystemClock> {
    store: S,
    reader: Q,
    clock: C,
    page: PageSize,
    stretch: TimeSlice,
}

/// How long a job is worked on at most in one invocation: the longest stretch, and what the table may need for the page and
/// the commit that end it.
const MAX_DURATION: Duration = Duration::from_secs(27);

impl<S: Store, Q: MarketOrdersReader> Reports<S, Q> {
    /// On these adapters, with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, store: S, reader: Q) -> Result<Self, ConfigError> {
        let (page, stretch) =
            (env.parse("AGORA_REPORT_PAGE_SIZE")?, env.parse("AGORA_REPORT_TIME_SLICE_SECONDS")?);
        Ok(Self { store, reader, clock: SystemClock, page, stretch })
    }

    /// The same, with the time that `clock` shows.
    #[must_use]
    pub fn at<C: Clock>(self, clock: C) -> Reports<S, Q, C> {
        let Self { store, reader, page, stretch, .. } = self;
        Reports { store, reader, clock, page, stretch }
    }
}

impl<S, Q, C> Reports<S, Q, C> {
    /// As the handler of a batch: one job after the other.
    pub fn into_handler(self) -> PerRecord<Self, SystemClock> {
        PerRecord { consumer: self, clock: SystemClock, concurrency: 1, max_duration: MAX_DURATION }
    }
}

/// The queues of both priorities.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn queues(env: &Environment, sqs: &aws_sdk_sqs::Client) -> Result<MultiQueue, ConfigError> {
    let normal = SqsQueue::from_env(env, sqs.clone())?;
    let (urgent, dead) =
        (env.text("AGORA_URGENT_QUEUE_URL")?, env.text("AGORA_URGENT_DEAD_LETTER_QUEUE_URL")?);
    let urgent = SqsQueue::new(sqs.clone(), urgent.to_owned(), dead.to_owned());
    Ok(MultiQueue::new(vec![normal, urgent]))
}
