//! Leases as items: each step one conditional write.

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
use crate::kit::command::idempotency_lease::{Lease, Leases, Standing};
use crate::kit::command::{Key, MalformedItem, StoreError};
use crate::kit::system::clock::Timestamp;

const LEASE_KIND: &str = "lease";
const OWNER: &str = "owner";
const FINGERPRINT: &str = "fingerprint";
const HELD_UNTIL: &str = "heldUntil";
const ANSWER: &str = "answer";

/// A lease as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    owner: String,
    fingerprint: String,
    /// Milliseconds since the Unix epoch.
    held_until: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Seconds since the Unix epoch.
    ttl: i64,
}

fn key(lease: &Lease) -> Key {
    Key { pk: format!("lease#{}", lease.claim.scope), sk: LEASE_KIND.to_owned() }
}

/// There is nothing under the key that still counts; or its holder, who wanted the same, left no answer in time.
fn is_free(lease: &Lease, now: Timestamp) -> Predicate {
    Predicate::Any(vec![
        Predicate::Absent(PK),
        Predicate::less(TTL, Value::Number(now.as_seconds())),
        Predicate::All(vec![
            Predicate::Absent(ANSWER),
            Predicate::at_most(HELD_UNTIL, Value::Number(now.as_millis())),
            Predicate::equal(FINGERPRINT, lease.claim.fingerprint.as_str()),
        ]),
    ])
}

/// The lease is still its owner's, who has left no answer yet, or this one.
fn is_held(lease: &Lease, answer: Option<&str>) -> Predicate {
    let unanswered = Predicate::Absent(ANSWER);
    let answered = answer.map(|answer| Predicate::equal(ANSWER, answer));
    let state = Predicate::Any([Some(unanswered), answered].into_iter().flatten().collect());
    Predicate::All(vec![Predicate::equal(OWNER, lease.owner.as_str()), state])
}

impl Leases for Table {
    async fn claim(&self, lease: &Lease, now: Timestamp) -> Result<Standing, StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = is_free(lease, now).render(&mut placeholders);
        let sent = self
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
        match sent {
            Ok(_) => Ok(Standing::Held),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    standing(failed.item().cloned().unwrap_or_default(), lease, now)
                }
                _ => Err(store_error(&error)),
            },
        }
    }

    async fn complete(&self, lease: &Lease, answer: &str) -> Result<bool, StoreError> {
        let mut placeholders = Placeholders::default();
        let update = Update::default().set(ANSWER, answer).render(&mut placeholders);
        let condition = is_held(lease, Some(answer)).render(&mut placeholders);
        let sent = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(&key(lease))))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match sent {
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
        let sent = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(&key(lease))))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(&error)),
            },
        }
    }
}

fn item(lease: &Lease) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let stored = Stored {
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

/// What a key that is not free stands for, to somebody with this claim. The item came with the failed condition, so it is
/// what the condition failed on. A claim of one's own is the first attempt of the client, whose answer was lost.
fn standing(
    item: HashMap<String, AttributeValue>,
    lease: &Lease,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let stored: Stored = serde_dynamo::from_item(item).map_err(|error| malformed(&error))?;
    Ok(if stored.fingerprint != lease.claim.fingerprint {
        Standing::Reused
    } else if let Some(answer) = stored.answer {
        Standing::Done(answer)
    } else if stored.owner == lease.owner.as_str() {
        Standing::Held
    } else {
        Standing::InProgress(Timestamp::from_millis(stored.held_until).duration_since(now))
    })
}

fn malformed(error: &serde_dynamo::Error) -> StoreError {
    StoreError::Malformed(MalformedItem { kind: LEASE_KIND, reason: error.to_string() })
}
