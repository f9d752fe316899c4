//! Idempotency leases in the table: each step is one conditional write.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::{Deserialize, Serialize};

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Placeholders, Predicate, Update, Value};
use crate::kit::aws::dynamodb::read::loader::key_item;
use crate::kit::aws::dynamodb::schema::{KIND, PK, SK, TTL};
use crate::kit::command::idempotency_lease::{ClaimOutcome, Lease, Leases};
use crate::kit::command::{Key, MalformedItem, StoreError};
use crate::kit::system::clock::Timestamp;

const LEASE_KIND: &str = "lease";
const OWNER: &str = "owner";
const FINGERPRINT: &str = "fingerprint";
const HELD_UNTIL: &str = "heldUntil";
const RESULT: &str = "answer";

/// Stored form of a lease.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaseItem {
    owner: String,
    fingerprint: String,
    /// Milliseconds since the Unix epoch.
    held_until: i64,
    /// Result of the work, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Seconds since the Unix epoch.
    ttl: i64,
}

fn key(lease: &Lease) -> Key {
    Key { pk: format!("lease#{}", lease.claim.scope), sk: LEASE_KIND.to_owned() }
}

/// Condition for taking a lease: there is no item, the item has expired, or the holder of the same request
/// has exceeded its deadline without a result.
fn is_free(lease: &Lease, now: Timestamp) -> Predicate {
    Predicate::Any(vec![
        Predicate::Absent(PK),
        Predicate::less(TTL, Value::Number(now.as_seconds())),
        Predicate::All(vec![
            Predicate::Absent(RESULT),
            Predicate::at_most(HELD_UNTIL, Value::Number(now.as_millis())),
            Predicate::equal(FINGERPRINT, lease.claim.fingerprint.as_str()),
        ]),
    ])
}

/// Condition for ending a lease: the owner still holds it, and there is no result yet, or this one.
fn is_held(lease: &Lease, result: Option<&str>) -> Predicate {
    let pending = Predicate::Absent(RESULT);
    let completed = result.map(|result| Predicate::equal(RESULT, result));
    let state = Predicate::Any([Some(pending), completed].into_iter().flatten().collect());
    Predicate::All(vec![Predicate::equal(OWNER, lease.owner.as_str()), state])
}

impl Leases for Table {
    async fn claim(&self, lease: &Lease, now: Timestamp) -> Result<ClaimOutcome, StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = is_free(lease, now).render(&mut placeholders);
        let response = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item(lease)?))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match response {
            Ok(_) => Ok(ClaimOutcome::Held),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    interpret(failed.item().cloned().unwrap_or_default(), lease, now)
                }
                _ => Err(store_error(&error)),
            },
        }
    }

    async fn complete(&self, lease: &Lease, result: &str) -> Result<bool, StoreError> {
        let update = Update::default().set(RESULT, result);
        let response = self.update_item(&key(lease), &update, &is_held(lease, Some(result))).send().await;
        match response {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(&error)),
            },
        }
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = is_held(lease, None).render(&mut placeholders);
        let response = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(&key(lease))))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match response {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(&error)),
            },
        }
    }
}

fn item(lease: &Lease) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let stored = LeaseItem {
        owner: lease.owner.as_str().to_owned(),
        fingerprint: lease.claim.fingerprint.clone(),
        held_until: lease.held_until.as_millis(),
        answer: None,
        ttl: lease.expires_at.as_seconds(),
    };
    let mut item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(stored).map_err(|error| malformed(&error))?;
    let key = key(lease);
    for (name, value) in [(PK, key.pk), (SK, key.sk), (KIND, LEASE_KIND.to_owned())] {
        item.insert(name.to_owned(), AttributeValue::S(value));
    }
    Ok(item)
}

/// Interprets the item under a key that is not free. The item was returned with the failed condition, so it
/// is the one that the condition was evaluated on. An item of the same owner is from an earlier attempt of
/// the SDK whose response was lost.
fn interpret(
    item: HashMap<String, AttributeValue>,
    lease: &Lease,
    now: Timestamp,
) -> Result<ClaimOutcome, StoreError> {
    let stored: LeaseItem = serde_dynamo::from_item(item).map_err(|error| malformed(&error))?;
    Ok(if stored.fingerprint != lease.claim.fingerprint {
        ClaimOutcome::Reused
    } else if let Some(result) = stored.answer {
        ClaimOutcome::Done(result)
    } else if stored.owner == lease.owner.as_str() {
        ClaimOutcome::Held
    } else {
        ClaimOutcome::InProgress(Timestamp::from_millis(stored.held_until).duration_since(now))
    })
}

fn malformed(error: &serde_dynamo::Error) -> StoreError {
    StoreError::Malformed(MalformedItem::new(LEASE_KIND, error.to_string()))
}
