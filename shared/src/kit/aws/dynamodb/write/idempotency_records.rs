//! Idempotency records in the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::kit::aws::dynamodb::expression::{Predicate, Value};
use crate::kit::aws::dynamodb::schema::{IDEMPOTENCY_RECORD_KIND, KIND, PK, SK, TTL, idempotency_record_key};
use crate::kit::command::{ExecuteError, IdempotencyRecord, Item, MalformedItem, StoreError};
use crate::kit::system::clock::Timestamp;

/// Stored form of an idempotency record.
#[derive(Debug, Serialize, Deserialize)]
struct IdempotencyItem {
    fingerprint: Option<String>,
    /// Output of the command, as JSON.
    answer: String,
    /// Seconds since the Unix epoch.
    ttl: i64,
}

/// Builds the item of an idempotency record with the output of the command.
pub(crate) fn item(
    record: &IdempotencyRecord,
    output: &impl Serialize,
) -> Result<HashMap<String, AttributeValue>, MalformedItem> {
    let malformed = |reason: String| MalformedItem::new(IDEMPOTENCY_RECORD_KIND, reason);
    let answer = serde_json::to_string(output).map_err(|error| malformed(error.to_string()))?;
    let stored = IdempotencyItem {
        fingerprint: record.fingerprint.clone(),
        answer,
        ttl: record.expires_at.as_seconds(),
    };
    let mut item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(stored).map_err(|error| malformed(error.to_string()))?;
    let key = idempotency_record_key(record);
    item.insert(PK.to_owned(), AttributeValue::S(key.pk));
    item.insert(SK.to_owned(), AttributeValue::S(key.sk));
    item.insert(KIND.to_owned(), AttributeValue::S(IDEMPOTENCY_RECORD_KIND.to_owned()));
    Ok(item)
}

/// Condition for writing an idempotency record: there is none, or it has expired and is not deleted yet.
pub(crate) fn absent_or_expired(now: Timestamp) -> Predicate {
    Predicate::Any(vec![Predicate::Absent(PK), Predicate::less(TTL, Value::Number(now.as_seconds()))])
}

/// Returns the stored output, or `None` if the idempotency record has expired.
///
/// # Errors
/// [`ExecuteError::KeyReused`] if the stored fingerprint is different.
pub(crate) fn stored_output<T: DeserializeOwned, E>(
    item: Item,
    record: &IdempotencyRecord,
    now: Timestamp,
) -> Result<Option<T>, ExecuteError<E>> {
    let malformed =
        |reason: String| StoreError::Malformed(MalformedItem::new(IDEMPOTENCY_RECORD_KIND, reason));
    let stored: IdempotencyItem =
        serde_dynamo::from_item(item).map_err(|error| malformed(error.to_string()))?;
    if stored.ttl < now.as_seconds() {
        return Ok(None);
    }
    if stored.fingerprint != record.fingerprint {
        return Err(ExecuteError::KeyReused);
    }
    let output = serde_json::from_str(&stored.answer).map_err(|error| malformed(error.to_string()))?;
    Ok(Some(output))
}
