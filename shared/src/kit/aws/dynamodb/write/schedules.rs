//! Schedules of the calls to services that limit their callers, in one item per service.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Predicate, Update};
use crate::kit::aws::dynamodb::schema::{KIND, LIMIT_KIND, TTL};
use crate::kit::command::{Key, MalformedItem, StoreError};
use crate::kit::resilience::pacing::{Schedule, SlotOutcome, SlotRequest};
use crate::kit::system::clock::Timestamp;

/// End of the slots that are taken, in milliseconds since the Unix epoch.
const END: &str = "end";

/// Time after the last slot for which the item is kept.
const RETENTION: Duration = Duration::from_hours(1);

/// Update of the item and its condition. While the known end is in the future, the slots are added to it, which
/// does not conflict with other instances.
fn update(request: SlotRequest) -> (Update, Predicate) {
    let (start, now) = (request.start(), request.now.as_millis());
    let end = start.saturating_add(request.length);
    let update = Update::default().set(KIND, LIMIT_KIND).set(TTL, end.saturating_add(RETENTION).as_seconds());
    if start > request.now {
        let length = i64::try_from(request.length.as_millis()).unwrap_or(i64::MAX);
        (update.add(END, length), Predicate::at_least(END, now))
    } else {
        let none_taken = Predicate::Any(vec![Predicate::Absent(END), Predicate::at_most(END, now)]);
        (update.set(END, end.as_millis()), none_taken)
    }
}

/// Reads the end from an item; `None` if it is invalid.
fn parse(item: &HashMap<String, AttributeValue>) -> Option<Timestamp> {
    item.get(END)?.as_n().ok()?.parse().ok().map(Timestamp::from_millis)
}

impl Schedule for Table {
    async fn take(&self, service: &str, request: SlotRequest) -> Result<SlotOutcome, StoreError> {
        let key = Key { pk: format!("limit#calls#{service}"), sk: LIMIT_KIND.to_owned() };
        let (update, condition) = update(request);
        let update = self
            .update_item(&key, &update, &condition)
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let malformed = || {
            let reason = format!("invalid schedule of the calls to {service}");
            StoreError::Malformed(MalformedItem { kind: LIMIT_KIND, key: Some(key.clone()), reason })
        };
        match Box::pin(update.send()).await {
            Ok(response) => {
                let end = response.attributes.as_ref().and_then(parse).ok_or_else(malformed)?;
                Ok(SlotOutcome::Until(end))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => match failed.item() {
                    None => Ok(SlotOutcome::Outdated(None)),
                    Some(item) => {
                        parse(item).map(|end| SlotOutcome::Outdated(Some(end))).ok_or_else(malformed)
                    }
                },
                _ => Err(store_error(&error)),
            },
        }
    }
}
