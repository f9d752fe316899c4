//! Counters of failed attempts: several are updated in one transaction.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update as UpdateItem};

use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Placeholders, Predicate, Update};
use crate::kit::aws::dynamodb::read::loader::key_item;
use crate::kit::aws::dynamodb::schema::{KIND, LIMIT_KIND, TTL};
use crate::kit::aws::dynamodb::{Table, record_retry};
use crate::kit::command::{Key, StoreError};
use crate::kit::resilience::rate_limit::attempts::{AtomicCounters, Count};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, SystemClock, SystemEntropy};

const COUNT: &str = "count";

/// Backoff before repeating a transaction that conflicted with another one.
const CONFLICT_BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(200), 8);

impl AtomicCounters for Table {
    async fn increment_all(&self, counts: &[Count]) -> Result<bool, StoreError> {
        self.add_all(counts, 1).await
    }

    async fn decrement_all(&self, counts: &[Count]) -> Result<(), StoreError> {
        self.add_all(counts, -1).await.map(drop)
    }
}

impl Table {
    /// Adds `by` to every counter in one transaction, unless one would leave its bounds.
    async fn add_all(&self, counts: &[Count], by: i64) -> Result<bool, StoreError> {
        let mut failures = 0;
        loop {
            let items = counts.iter().map(|count| self.add_item(count, by)).collect::<Result<Vec<_>, _>>()?;
            let request = self.client.transact_write_items().set_transact_items(Some(items));
            let Err(error) = Box::pin(request.send()).await else { return Ok(true) };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
                    if codes.into_iter().any(|code| code == "ConditionalCheckFailed") {
                        return Ok(false);
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(store_error(&error)),
            }
            failures += 1;
            let delay = CONFLICT_BACKOFF.delay(failures, &SystemEntropy).ok_or(StoreError::Throttled)?;
            record_retry("TransactWriteItems", failures + 1, delay, "conflict");
            SystemClock.sleep(delay).await;
        }
    }

    fn add_item(&self, count: &Count, by: i64) -> Result<TransactWriteItem, StoreError> {
        let key = Key { pk: format!("limit#{}", count.key), sk: LIMIT_KIND.to_owned() };
        let mut placeholders = Placeholders::default();
        let update = Update::default()
            .add(COUNT, by)
            .set(KIND, LIMIT_KIND)
            .set(TTL, count.expires_at.as_seconds())
            .render(&mut placeholders);
        let bound = if by > 0 {
            let highest = i64::from(count.limit) - by;
            Predicate::Any(vec![Predicate::Absent(COUNT), Predicate::at_most(COUNT, highest)])
        } else {
            Predicate::at_least(COUNT, -by)
        };
        let condition = bound.render(&mut placeholders);
        let update = UpdateItem::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(&key)))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .build()
            .map_err(|error| StoreError::Rejected(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
