//! What tests ask of a stack that was treated badly: that what failed comes back, and what has been written. And what only
//! they do to a table: filling it past all functions.

use dynoxide::{DynoxideError, actions::get_records::Record};
use serde_json::Value;

use super::Stack;
use crate::services::dynamodb::From;

/// Records read at a time.
const PAGE: usize = 1_000;

/// Which of the messages that failed are to come back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedMessages {
    /// Those whose function came to no answer: it was killed, or took too long.
    Unanswered,
    /// Those as well that a function put off.
    Any,
}

/// One change of an item, in DynamoDB's JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemChange {
    /// The key of the item.
    pub key: Value,
    /// The item as it was written; nothing, if it was removed.
    pub image: Option<Value>,
}

impl Stack {
    /// Makes messages visible again that failed, as if their time had come; those of the queue with this logical id, or of
    /// every queue. What is being worked on stays with whoever works on it. Says how many there were.
    pub async fn redeliver_failed(&self, which: FailedMessages, logical_id: Option<&str>) -> usize {
        let queue = logical_id.and_then(|id| self.deployment.queue(id)).map(|queue| queue.name.as_str());
        let wanted = |failed: &crate::services::sqs::Failed| {
            (which == FailedMessages::Any || !failed.reported)
                && queue.is_none_or(|name| name == failed.queue)
        };
        self.queues.bring_back(wanted).await
    }

    /// Every change of every item of the table with this logical id, oldest first, as its stream has them.
    #[must_use]
    pub fn history(&self, logical_id: &str) -> Vec<ItemChange> {
        let Some(table) = self.table_name(logical_id) else { return Vec::new() };
        let Some(shard) = self.database.shard(table) else { return Vec::new() };
        let mut changes = Vec::new();
        let mut iterator = self.database.iterator(table, &shard, &From::TrimHorizon).ok();
        while let Some(position) = iterator.take() {
            let Ok((records, next)) = self.database.records(&position, PAGE) else { break };
            if !records.is_empty() {
                iterator = Some(next);
            }
            changes.extend(records.iter().map(change));
        }
        changes
    }

    /// Writes items, in DynamoDB's JSON, into the table with this logical id; its stream shows nothing of them.
    ///
    /// # Errors
    /// [`FillError`]; nothing is written then.
    pub fn bulk_load(&self, logical_id: &str, items: Vec<Value>) -> Result<(), FillError> {
        let table = self.table_name(logical_id).ok_or(FillError::NoTable)?;
        let items = items.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
        Ok(self.database.import(table, items)?)
    }
}

/// Why a table was not filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The template has no such table.
    #[error("there is no such table")]
    NoTable,
    /// Something is no item.
    #[error("an item is not in DynamoDB's JSON: {0}")]
    NoItem(#[from] serde_json::Error),
    /// The engine does not take them.
    #[error("the table does not take the items: {0}")]
    Refused(#[from] DynoxideError),
}

fn change(record: &Record) -> ItemChange {
    let mut record = serde_json::to_value(record).unwrap_or_default();
    let mut part = |name: &str| record["dynamodb"].get_mut(name).map(Value::take);
    ItemChange { key: part("Keys").unwrap_or_default(), image: part("NewImage") }
}
