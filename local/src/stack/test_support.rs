//! Test helpers: redelivers failed messages, reads the history of items, and imports items into a table.

use dynoxide::{DynoxideError, actions::get_records::Record};
use serde_json::Value;

use super::Stack;
use crate::services::dynamodb::StreamPosition;

/// Number of records per read.
const PAGE_SIZE: usize = 1_000;

/// Selection of failed messages to redeliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedMessages {
    /// Messages whose invocation failed without a response, because the function was killed or timed out.
    Unanswered,
    /// All failed messages, including those that the function reported as failed.
    Any,
}

/// Change of an item, in DynamoDB JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemChange {
    /// Key of the item.
    pub key: Value,
    /// New image of the item. `None` if it was deleted.
    pub image: Option<Value>,
}

impl Stack {
    /// Makes failed messages visible again, as if their visibility timeout had expired: those of the queue
    /// with this logical id, or of every queue. Messages that are being processed stay in flight. Returns the
    /// number of messages.
    pub async fn redeliver_failed(&self, selection: FailedMessages, logical_id: Option<&str>) -> usize {
        let queue = logical_id.and_then(|id| self.deployment.queue(id)).map(|queue| queue.name.as_str());
        let is_selected = |failed: &crate::services::sqs::FailedDelivery| {
            (selection == FailedMessages::Any || !failed.reported)
                && queue.is_none_or(|name| name == failed.queue)
        };
        self.queues.redeliver_failed(is_selected).await
    }

    /// All changes of the table with this logical id, oldest first, as its stream contains them.
    #[must_use]
    pub fn history(&self, logical_id: &str) -> Vec<ItemChange> {
        let Some(table) = self.table_name(logical_id) else { return Vec::new() };
        let Some(shard) = self.database.shard(table) else { return Vec::new() };
        let mut changes = Vec::new();
        let mut iterator = self.database.iterator(table, &shard, &StreamPosition::TrimHorizon).ok();
        while let Some(position) = iterator.take() {
            let Ok((records, next)) = self.database.records(&position, PAGE_SIZE) else { break };
            if !records.is_empty() {
                iterator = Some(next);
            }
            changes.extend(records.iter().map(change));
        }
        changes
    }

    /// Imports items in DynamoDB JSON into the table with this logical id. Its stream does not contain them.
    ///
    /// # Errors
    /// [`BulkLoadError`] if the table does not exist or an item is rejected. Nothing is written then.
    pub fn bulk_load(&self, logical_id: &str, items: Vec<Value>) -> Result<(), BulkLoadError> {
        let table = self.table_name(logical_id).ok_or(BulkLoadError::TableNotFound)?;
        let items = items.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
        Ok(self.database.import(table, items)?)
    }
}

/// Failure of a bulk load.
#[derive(Debug, thiserror::Error)]
pub enum BulkLoadError {
    /// The template has no such table.
    #[error("table not found")]
    TableNotFound,
    /// An item is not valid DynamoDB JSON.
    #[error("an item is not valid DynamoDB JSON: {0}")]
    InvalidItem(#[from] serde_json::Error),
    /// The engine rejects the items.
    #[error("the table rejects the items: {0}")]
    Rejected(#[from] DynoxideError),
}

fn change(record: &Record) -> ItemChange {
    let mut record = serde_json::to_value(record).unwrap_or_default();
    let mut part = |name: &str| record["dynamodb"].get_mut(name).map(Value::take);
    ItemChange { key: part("Keys").unwrap_or_default(), image: part("NewImage") }
}
