//! The DynamoDB stream event source: reads the shard, drops what the filters do not want, and hands the rest to lanes.
//!
//! After "Using AWS Lambda with Amazon DynamoDB" in the developer guide. The parallelization factor is the number of
//! lanes; records of one item always go to the same lane, so they arrive in order.

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

use super::{Invoker, checkpoint::Checkpoint};
use crate::services::dynamodb::{Database, From};
use crate::system::shutdown::Shutdown;
use crate::system::{arn, clock};
use crate::template::{StartingPosition, StreamMapping};
use worker::Lane;

/// The engine has no notification for new records; reading where there are none costs some ten microseconds.
const POLL: Duration = Duration::from_millis(10);

/// Most records of one read.
const PAGE: usize = 1_000;

/// Records that wait in a lane before reading stops.
const LANE_CAPACITY: usize = 1_000;

/// One DynamoDB stream event source.
pub(crate) struct StreamReader {
    function: String,
    mapping: StreamMapping,
    database: Database,
    invoker: Invoker,
    stop: Shutdown,
    checkpoint: Checkpoint,
}

/// A record on its way to a function.
#[derive(Clone, Debug)]
struct Item {
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
        stop: Shutdown,
        state: Option<&Path>,
    ) -> Self {
        let file = format!("checkpoint-{function}-{}", mapping.name);
        let checkpoint = Checkpoint::load(state.map(|folder| folder.join(file)));
        Self { function: function.to_owned(), mapping: mapping.clone(), database, invoker, stop, checkpoint }
    }

    /// Reads until the stack stops, and then until the invocations under way have ended.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut lanes = JoinSet::new();
        let mut senders = Vec::new();
        for _ in 0..self.mapping.parallelization {
            let (sender, receiver) = mpsc::channel(LANE_CAPACITY);
            senders.push(sender);
            lanes.spawn(Lane::new(Arc::clone(&self), receiver).run());
        }
        if let Err(error) = self.read(&senders).await {
            self.invoker.report(&self.function, &format!("cannot read the stream: {error}"));
        }
        drop(senders);
        while lanes.join_next().await.is_some() {}
        self.save();
    }

    async fn read(&self, lanes: &[mpsc::Sender<Item>]) -> Result<(), DynoxideError> {
        let Some(shard) = self.database.shard(&self.mapping.table) else { return Ok(()) };
        let start = match (self.checkpoint.position(), self.mapping.start) {
            (Some(sequence), _) => From::After(sequence),
            (None, StartingPosition::TrimHorizon) => From::TrimHorizon,
            (None, StartingPosition::Latest) => From::Latest,
        };
        let mut iterator = self.database.iterator(&self.mapping.table, &shard, &start)?;
        while !self.stop.is_triggered() {
            let (records, next) = self.database.records(&iterator, PAGE)?;
            if records.is_empty() {
                self.save();
                tokio::select! {
                    () = clock::sleep(POLL) => {}
                    () = self.stop.wait() => {}
                }
            }
            for record in records {
                if !self.pass_on(record, lanes).await {
                    return Ok(());
                }
            }
            iterator = next;
        }
        Ok(())
    }

    /// Hands a record to its lane if the filters want it; `false` when the stack stops.
    async fn pass_on(&self, record: Record, lanes: &[mpsc::Sender<Item>]) -> bool {
        let lane = lane_of(&record, lanes.len());
        let item = self.item(&record);
        let wanted = self.mapping.filters.matches(&item.record);
        self.checkpoint.read(&item.sequence, wanted);
        if !wanted {
            return true;
        }
        tokio::select! {
            sent = lanes[lane].send(item) => sent.is_ok(),
            () = self.stop.wait() => false,
        }
    }

    /// The record as Lambda hands it over; the engine names a region of its own.
    fn item(&self, record: &Record) -> Item {
        let mut value = serde_json::to_value(record).unwrap_or_default();
        value["awsRegion"] = json!(arn::REGION);
        value["eventSourceARN"] = json!(arn::stream_arn(&self.mapping.table));
        Item {
            sequence: record.dynamodb.sequence_number.clone(),
            created: record.dynamodb.approximate_creation_date_time,
            record: value,
        }
    }

    /// Whether every record of the stream has been read and is done.
    pub(crate) fn is_idle(&self) -> Result<bool, DynoxideError> {
        if !self.checkpoint.is_settled() {
            return Ok(false);
        }
        self.save();
        let Some(shard) = self.database.shard(&self.mapping.table) else { return Ok(true) };
        let from = self.checkpoint.position().map_or(From::TrimHorizon, From::After);
        let iterator = self.database.iterator(&self.mapping.table, &shard, &from)?;
        Ok(self.database.records(&iterator, 1)?.0.is_empty() || self.starts_later())
    }

    /// A mapping that starts at the end has nothing to read before its first record.
    fn starts_later(&self) -> bool {
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

/// Records of one item have the same keys, and so the same lane.
fn lane_of(record: &Record, lanes: usize) -> usize {
    let mut keys: Vec<_> =
        record.dynamodb.keys.iter().map(|(name, value)| (name, format!("{value:?}"))).collect();
    keys.sort();
    let mut hasher = DefaultHasher::new();
    keys.hash(&mut hasher);
    let lanes = u64::try_from(lanes.max(1)).unwrap_or(1);
    usize::try_from(hasher.finish() % lanes).unwrap_or(0)
}
