//! Counts of a rate limit's sliding window, in one item per caller and kind of request.
//!
//! Only the count of the latest segment changes: those before it are final. So grants are added to the latest
//! segment by one conditional update that never conflicts with another instance's, and only the first update
//! of a segment is made on condition that the counts are those that were read.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Predicate, Update};
use crate::kit::aws::dynamodb::schema::{KIND, LIMIT_KIND, PK, TTL};
use crate::kit::command::{Key, MalformedItem, StoreError};
use crate::kit::resilience::rate_limit::window::WindowCounts;
use crate::kit::resilience::rate_limit::{Counters, Take, TakeOutcome};

/// Number of the latest segment.
const SEGMENT: &str = "segment";
/// Count of the latest segment.
const LATEST: &str = "latest";
/// Counts of the segments before it, latest first, separated by spaces.
const OLDER: &str = "older";
/// Sum of all counts.
const USED: &str = "used";

/// Maximum number of attempts of an update.
const MAX_ATTEMPTS: u32 = 2;
/// Maximum delay before the retry. Every request of the API waits for its permit, and reads have a substitute
/// for the counts. The client's own delay of up to a second would make each request slow while the counters
/// fail.
const RETRY_DELAY: Duration = Duration::from_millis(25);

/// Retries of an update: those of the client, but fewer and with a shorter delay.
fn retry_config(of_client: Option<&RetryConfig>) -> RetryConfig {
    let config = of_client.cloned().unwrap_or_else(RetryConfig::standard);
    let attempts = config.max_attempts().min(MAX_ATTEMPTS);
    config.with_max_attempts(attempts).with_initial_backoff(RETRY_DELAY)
}

/// Update of the item and its condition.
fn update(take: Take) -> (Update, Predicate) {
    let grants = i64::from(take.grants);
    let update = Update::default().set(KIND, LIMIT_KIND).set(TTL, take.expires_at.as_seconds());
    match take.known {
        Some(known) if known.segment >= take.segment => {
            let condition = Predicate::All(vec![
                Predicate::equal(SEGMENT, known.segment),
                Predicate::at_most(USED, i64::from(take.limit) - grants),
            ]);
            (update.add(LATEST, grants).add(USED, grants), condition)
        }
        known => {
            let condition = known.map_or(Predicate::Absent(PK), |known| {
                let sum = Predicate::equal(USED, i64::from(known.used()));
                Predicate::All(vec![Predicate::equal(SEGMENT, known.segment), sum])
            });
            let counts = known.map_or(WindowCounts::empty(take.segment), |known| known.at(take.segment));
            let older: Vec<String> = counts.older.iter().map(ToString::to_string).collect();
            let update = update
                .set(SEGMENT, take.segment)
                .set(LATEST, grants)
                .set(OLDER, older.join(" "))
                .set(USED, i64::from(counts.with(take.grants).used()));
            (update, condition)
        }
    }
}

/// Reads the counts from an item; `None` if they are invalid.
fn parse(item: &HashMap<String, AttributeValue>) -> Option<WindowCounts> {
    let older: Option<Vec<u32>> =
        item.get(OLDER)?.as_s().ok()?.split(' ').map(|count| count.parse().ok()).collect();
    Some(WindowCounts {
        segment: item.get(SEGMENT)?.as_n().ok()?.parse().ok()?,
        latest: item.get(LATEST)?.as_n().ok()?.parse().ok()?,
        older: older?.try_into().ok()?,
    })
}

impl Counters for Table {
    async fn take(&self, bucket: &str, take: Take) -> Result<TakeOutcome, StoreError> {
        let key = Key { pk: format!("limit#{bucket}"), sk: LIMIT_KIND.to_owned() };
        let (update, condition) = update(take);
        let request = self
            .update_item(&key, &update, &condition)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let malformed =
            || StoreError::Malformed(MalformedItem::new(LIMIT_KIND, "invalid counts".to_owned()).at(&key));
        let retry = retry_config(self.client.config().retry_config());
        let request =
            request.customize().config_override(aws_sdk_dynamodb::config::Builder::new().retry_config(retry));
        match Box::pin(request.send()).await {
            Ok(response) => {
                let counts = response.attributes.as_ref().and_then(parse).ok_or_else(malformed)?;
                Ok(TakeOutcome::Taken(counts))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => match failed.item() {
                    None => Ok(TakeOutcome::Refused(None)),
                    Some(item) => {
                        parse(item).map(|counts| TakeOutcome::Refused(Some(counts))).ok_or_else(malformed)
                    }
                },
                _ => Err(store_error(&error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn update_has_at_most_the_attempts_of_the_client() {
        assert_eq!(retry_config(None).max_attempts(), MAX_ATTEMPTS);
        assert_eq!(retry_config(Some(&RetryConfig::disabled())).max_attempts(), 1);
    }
}
