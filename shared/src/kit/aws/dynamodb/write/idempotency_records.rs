//! Receipts as items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::kit::aws::dynamodb::expression::{Predicate, Value};
use crate::kit::aws::dynamodb::schema::{KIND, PK, RECEIPT_KIND, SK, TTL, receipt_key};
use crate::kit::command::{ExecuteError, IdempotencyRecord, Item, MalformedItem, StoreError};
use crate::kit::system::clock::Timestamp;

/// The proof that something was done, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct IdempotencyItem {
    fingerprint: Option<String>,
    /// What was answered, as JSON.
    answer: String,
    /// Seconds since the Unix epoch.
    ttl: i64,
}

/// The item that proves that what `receipt` names was done and answered with `output`.
pub(crate) fn item(
    receipt: &IdempotencyRecord,
    output: &impl Serialize,
) -> Result<HashMap<String, AttributeValue>, MalformedItem> {
    let malformed = |reason: String| MalformedItem { kind: RECEIPT_KIND, reason };
    let answer = serde_json::to_string(output).map_err(|error| malformed(error.to_string()))?;
    let proof = IdempotencyItem {
        fingerprint: receipt.fingerprint.clone(),
        answer,
        ttl: receipt.expires_at.as_seconds(),
    };
    let mut item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(proof).map_err(|error| malformed(error.to_string()))?;
    let key = receipt_key(receipt);
    item.insert(PK.to_owned(), AttributeValue::S(key.pk));
    item.insert(SK.to_owned(), AttributeValue::S(key.sk));
    item.insert(KIND.to_owned(), AttributeValue::S(RECEIPT_KIND.to_owned()));
    Ok(item)
}

/// What must hold for a receipt to be written: there is none, or it has lapsed and is merely not deleted yet.
pub(crate) fn absent_or_expired(now: Timestamp) -> Predicate {
    Predicate::Any(vec![Predicate::Absent(PK), Predicate::less(TTL, Value::Number(now.as_seconds()))])
}

/// What a stored receipt says: the answer that was given, or `None` if the receipt has lapsed.
///
/// # Errors
/// [`ExecuteError::KeyReused`] if it was given for something else.
pub(crate) fn answer<T: DeserializeOwned, E>(
    item: Item,
    receipt: &IdempotencyRecord,
    now: Timestamp,
) -> Result<Option<T>, ExecuteError<E>> {
    let malformed = |reason: String| StoreError::Malformed(MalformedItem { kind: RECEIPT_KIND, reason });
    let proof: IdempotencyItem =
        serde_dynamo::from_item(item).map_err(|error| malformed(error.to_string()))?;
    if proof.ttl < now.as_seconds() {
        return Ok(None);
    }
    if proof.fingerprint != receipt.fingerprint {
        return Err(ExecuteError::KeyReused);
    }
    let answer = serde_json::from_str(&proof.answer).map_err(|error| malformed(error.to_string()))?;
    Ok(Some(answer))
}
