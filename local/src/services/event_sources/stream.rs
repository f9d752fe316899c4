//! DynamoDB stream event source mapping, after "Using AWS Lambda with Amazon DynamoDB" in the developer
//! guide: reads the shard, drops filtered records, and distributes the others to workers.
//!
//! The parallelization factor is the number of workers. All records of an item go to the same worker, so that
//! they are processed in order.

mod worker;

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use dynoxide::{DynoxideError, actions::get_records::Record};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Invoker, checkpoint::Checkpoint};
use crate::services::dynamodb::{Database, StreamPosition};
use crate::system::{arn, clock};
use crate::template::{StartingPosition, StreamMapping};
use worker::Worker;

/// Interval at which the shard is polled. The engine has no notification for new records; an empty read takes
/// about ten microseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Maximum number of records per read.
const PAGE_SIZE: usize = 1_000;

/// Number of records that a worker buffers before reading pauses.
const WORKER_CAPACITY: usize = 1_000;

/// One DynamoDB stream event source mapping.
pub(crate) struct StreamReader {
    function: String,
    mapping: StreamMapping,
    database: Database,
    invoker: Invoker,
    stop: CancellationToken,
    checkpoint: Checkpoint,
}

/// Stream record to be processed.
#[derive(Clone, Debug)]
struct StreamItem {
    sequence: String,
    created: f64,
    record: Value,
}

impl StreamReader {
    pub(crate) fn new(
        function: &str,
        mapping: &StreamMapping,
        database: Database,
        invoker: Invoker,
        stop: CancellationToken,
        state: Option<&Path>,
    ) -> Self {
        let file = format!("checkpoint-{function}-{}", mapping.name);
        let checkpoint = Checkpoint::load(state.map(|folder| folder.join(file)));
        Self { function: function.to_owned(), mapping: mapping.clone(), database, invoker, stop, checkpoint }
    }

    /// Reads until the stack stops, then waits for running invocations.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut workers = JoinSet::new();
        let mut senders = Vec::new();
        for _ in 0..self.mapping.parallelization {
            let (sender, receiver) = mpsc::channel(WORKER_CAPACITY);
            senders.push(sender);
            workers.spawn(Worker::new(Arc::clone(&self), receiver).run());
        }
        if let Err(error) = self.read(&senders).await {
            self.invoker.report(&self.function, &format!("cannot read the stream: {error}"));
        }
        drop(senders);
        while workers.join_next().await.is_some() {}
        self.save();
    }

    async fn read(&self, workers: &[mpsc::Sender<StreamItem>]) -> Result<(), DynoxideError> {
        let Some(shard) = self.database.shard(&self.mapping.table) else { return Ok(()) };
        let start = match (self.checkpoint.position(), self.mapping.start) {
            (Some(sequence), _) => StreamPosition::After(sequence),
            (None, StartingPosition::TrimHorizon) => StreamPosition::TrimHorizon,
            (None, StartingPosition::Latest) => StreamPosition::Latest,
        };
        let mut iterator = self.database.iterator(&self.mapping.table, &shard, &start)?;
        while !self.stop.is_cancelled() {
            let (records, next) = self.database.records(&iterator, PAGE_SIZE)?;
            if records.is_empty() {
                self.save();
                tokio::select! {
                    () = clock::sleep(POLL_INTERVAL) => {}
                    () = self.stop.cancelled() => {}
                }
            }
            for record in records {
                if !self.dispatch(record, workers).await {
                    return Ok(());
                }
            }
            iterator = next;
        }
        Ok(())
    }

    /// Sends a record to its worker if it matches the filters. Returns false if the stack stops.
    async fn dispatch(&self, record: Record, workers: &[mpsc::Sender<StreamItem>]) -> bool {
        let worker = worker_of(&record, workers.len());
        let item = self.item(&record);
        let pending = self.mapping.filters.matches(&item.record);
        self.checkpoint.read(&item.sequence, pending);
        if !pending {
            return true;
        }
        tokio::select! {
            sent = workers[worker].send(item) => sent.is_ok(),
            () = self.stop.cancelled() => false,
        }
    }

    /// Record in the format of Lambda. The engine's region and stream ARN are replaced.
    fn item(&self, record: &Record) -> StreamItem {
        let mut value = serde_json::to_value(record).unwrap_or_default();
        value["awsRegion"] = json!(arn::REGION);
        value["eventSourceARN"] = json!(arn::stream_arn(&self.mapping.table));
        StreamItem {
            sequence: record.dynamodb.sequence_number.clone(),
            created: record.dynamodb.approximate_creation_date_time,
            record: value,
        }
    }

    /// Returns true if every record of the stream has been read and processed.
    pub(crate) fn is_idle(&self) -> Result<bool, DynoxideError> {
        if !self.checkpoint.is_settled() {
            return Ok(false);
        }
        self.save();
        let Some(shard) = self.database.shard(&self.mapping.table) else { return Ok(true) };
        let from = self.checkpoint.position().map_or(StreamPosition::TrimHorizon, StreamPosition::After);
        let iterator = self.database.iterator(&self.mapping.table, &shard, &from)?;
        Ok(self.database.records(&iterator, 1)?.0.is_empty() || self.has_not_started())
    }

    /// Returns true if the mapping starts at `LATEST` and has not read a record yet.
    fn has_not_started(&self) -> bool {
        self.mapping.start == StartingPosition::Latest && self.checkpoint.position().is_none()
    }

    fn save(&self) {
        if let Err(error) = self.checkpoint.save() {
            self.report_save(&error);
        }
    }

    fn report_save(&self, error: &io::Error) {
        self.invoker.report(&self.function, &format!("cannot write the checkpoint: {error}"));
    }
}

/// Selects the worker by the hash of the record's keys, so that all records of an item have the same one.
fn worker_of(record: &Record, workers: usize) -> usize {
    let mut keys: Vec<_> =
        record.dynamodb.keys.iter().map(|(name, value)| (name, format!("{value:?}"))).collect();
    keys.sort();
    let mut hasher = DefaultHasher::new();
    keys.hash(&mut hasher);
    let workers = u64::try_from(workers.max(1)).unwrap_or(1);
    usize::try_from(hasher.finish() % workers).unwrap_or(0)
}
