//! One transaction: what a change becomes, and what its failure means.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update as UpdateItem,
};

use super::Table;
use super::expression::{Placeholders, Predicate, Update};
use super::failure::store_error;
use super::loader::key_item;
use super::outbox;
use super::receipts;
use super::schema::{KIND, PK, TTL, VERSION, listed};
use crate::clock::Timestamp;
use crate::command::change::Announcement;
use crate::command::{Adjustment, Cause, Condition, Item, Key, Operation, Receipt, StoreError, Write};

/// How many items one transaction may write.
pub(super) const MAX_ITEMS: usize = 100;

/// The items of one transaction, each with what the failure of its condition means.
pub(super) struct Transaction<E> {
    items: Vec<TransactWriteItem>,
    meanings: Vec<Meaning<E>>,
}

/// What it means that an item's condition failed.
enum Meaning<E> {
    /// It was done before.
    Done,
    /// The domain refuses it.
    Refused(E),
    /// Somebody was faster.
    Lost,
}

/// Why a transaction was not committed. Nothing of it was written.
#[derive(Debug)]
pub(super) enum NotCommitted<E> {
    /// It was done before: the stored receipt.
    AlreadyDone(Item),
    /// A condition failed that the domain attached a refusal to.
    Refused(E),
    /// Somebody was faster, or is at the same items right now.
    Lost,
    /// The table.
    Store(StoreError),
}

impl<E> Transaction<E> {
    pub(super) const fn new() -> Self {
        Self { items: Vec::new(), meanings: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds the proof that the cause was acted on.
    pub(super) fn receipt(
        &mut self,
        table: &Table,
        receipt: &Receipt,
        output: &impl serde::Serialize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = receipts::is_free(now).render(&mut placeholders);
        let put = Put::builder()
            .table_name(&*table.name)
            .set_item(Some(receipts::item(receipt, output)?))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| rejected(&error))?;
        self.push(TransactWriteItem::builder().put(put).build(), Meaning::Done);
        Ok(())
    }

    /// Adds an event to the outbox.
    pub(super) fn event(
        &mut self,
        table: &Table,
        event: &Announcement,
        cause: &Cause,
    ) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(&*table.name)
            .set_item(Some(outbox::item(event, cause)?))
            .build()
            .map_err(|error| rejected(&error))?;
        self.push(TransactWriteItem::builder().put(put).build(), Meaning::Lost);
        Ok(())
    }

    /// Adds one write of a change.
    pub(super) fn write(&mut self, table: &Table, write: Write<E>) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let Write { key, operation, condition, refusal } = write;
        let condition = predicate(condition, &operation).map(|predicate| predicate.render(&mut placeholders));
        let item = match operation {
            Operation::Put { item, kind, listings, expires_at } => {
                let mut attributes: HashMap<String, AttributeValue> = item.into();
                attributes.extend(key_item(&key));
                attributes.insert(KIND.to_owned(), AttributeValue::S(kind.to_owned()));
                if let Some(moment) = expires_at {
                    attributes.insert(TTL.to_owned(), AttributeValue::N(moment.as_seconds().to_string()));
                }
                for (index, (partition, sort)) in listed(listings) {
                    let (partition_attribute, sort_attribute) = index.attributes();
                    attributes.insert(partition_attribute.to_owned(), AttributeValue::S(partition));
                    attributes.insert(sort_attribute.to_owned(), AttributeValue::S(sort));
                }
                put_item(table, attributes, condition, &placeholders)?
            }
            Operation::Adjust(adjustment) => update_item(table, &key, &adjustment, condition, placeholders)?,
            Operation::Check => check_item(table, &key, condition, &placeholders)?,
            Operation::Delete => delete_item(table, &key, condition, &placeholders)?,
        };
        self.push(item, refusal.map_or(Meaning::Lost, Meaning::Refused));
        Ok(())
    }

    fn push(&mut self, item: TransactWriteItem, meaning: Meaning<E>) {
        self.items.push(item);
        self.meanings.push(meaning);
    }

    /// Commits all of it, or nothing.
    ///
    /// The client sends the same request token with each of its own attempts, so that an attempt whose answer was
    /// lost is not committed twice.
    pub(super) async fn commit(self, table: &Table) -> Result<(), NotCommitted<E>> {
        let sent = table.client.transact_write_items().set_transact_items(Some(self.items)).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(not_committed(error, self.meanings)),
        }
    }
}

fn not_committed<E, R>(
    error: SdkError<TransactWriteItemsError, R>,
    meanings: Vec<Meaning<E>>,
) -> NotCommitted<E> {
    match &error {
        SdkError::ServiceError(service) => match service.err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                classify(cancelled.cancellation_reasons(), meanings)
            }
            TransactWriteItemsError::TransactionInProgressException(_) => NotCommitted::Lost,
            other if other.code() == Some("TransactionConflictException") => NotCommitted::Lost,
            _ => NotCommitted::Store(store_error(&error)),
        },
        _ => NotCommitted::Store(store_error(&error)),
    }
}

/// What the reasons of a cancelled transaction mean together.
///
/// A receipt that is there outweighs all: whatever else failed, failed because it was done. A refusal is a fact about
/// the moment of the commit. Whatever remains is a race, or the table's own trouble.
fn classify<E>(reasons: &[CancellationReason], meanings: Vec<Meaning<E>>) -> NotCommitted<E> {
    let mut outcome = None;
    for (reason, meaning) in reasons.iter().zip(meanings) {
        let found = match (reason.code().unwrap_or("None"), meaning) {
            ("None", _) => continue,
            ("ConditionalCheckFailed", Meaning::Done) => {
                return NotCommitted::AlreadyDone(reason.item().cloned().unwrap_or_default().into());
            }
            ("ConditionalCheckFailed", Meaning::Refused(refusal)) => NotCommitted::Refused(refusal),
            ("ConditionalCheckFailed" | "TransactionConflict", _) => NotCommitted::Lost,
            ("ProvisionedThroughputExceeded" | "ThrottlingError", _) => {
                NotCommitted::Store(StoreError::Throttled)
            }
            (code, _) => NotCommitted::Store(StoreError::Rejected(code.to_owned())),
        };
        outcome = Some(weightier(outcome, found));
    }
    outcome.unwrap_or(NotCommitted::Lost)
}

fn weightier<E>(known: Option<NotCommitted<E>>, found: NotCommitted<E>) -> NotCommitted<E> {
    const fn weight<E>(outcome: &NotCommitted<E>) -> u8 {
        match outcome {
            NotCommitted::Store(StoreError::Rejected(_)) => 4,
            NotCommitted::Refused(_) => 3,
            NotCommitted::Lost => 2,
            _ => 1,
        }
    }
    match known {
        Some(known) if weight(&known) >= weight(&found) => known,
        _ => found,
    }
}

fn predicate(condition: Condition, operation: &Operation) -> Option<Predicate> {
    match condition {
        Condition::Always => None,
        Condition::Absent => Some(Predicate::Absent(PK)),
        Condition::AtVersion(version) => {
            Some(Predicate::equal(VERSION, i64::try_from(version.get()).unwrap_or(i64::MAX)))
        }
        Condition::Is(attribute, value) => Some(Predicate::equal(attribute, value)),
        Condition::NoneBelowZero => {
            let Operation::Adjust(adjustment) = operation else { return None };
            let taken = adjustment.counters.iter().filter(|(_, by)| *by < 0);
            let floors = taken.map(|(name, by)| Predicate::at_least(name, by.saturating_neg()));
            Some(Predicate::All(std::iter::once(Predicate::Exists(PK)).chain(floors).collect()))
        }
    }
}

fn put_item(
    table: &Table,
    attributes: HashMap<String, AttributeValue>,
    condition: Option<String>,
    placeholders: &Placeholders,
) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(&*table.name)
        .set_item(Some(attributes))
        .set_condition_expression(condition)
        .set_expression_attribute_names(placeholders.names())
        .set_expression_attribute_values(placeholders.values())
        .build()
        .map_err(|error| rejected(&error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn update_item(
    table: &Table,
    key: &Key,
    adjustment: &Adjustment,
    condition: Option<String>,
    mut placeholders: Placeholders,
) -> Result<TransactWriteItem, StoreError> {
    let update = Update::default().set(KIND, adjustment.kind);
    let update = adjustment.counters.iter().fold(update, |update, (name, by)| update.add(name, *by));
    let update = adjustment.notes.iter().fold(update, |update, (name, text)| update.set(name, text.clone()));
    let expression = update.render(&mut placeholders);
    let update = UpdateItem::builder()
        .table_name(&*table.name)
        .set_key(Some(key_item(key)))
        .update_expression(expression)
        .set_condition_expression(condition)
        .set_expression_attribute_names(placeholders.names())
        .set_expression_attribute_values(placeholders.values())
        .build()
        .map_err(|error| rejected(&error))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

fn check_item(
    table: &Table,
    key: &Key,
    condition: Option<String>,
    placeholders: &Placeholders,
) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(&*table.name)
        .set_key(Some(key_item(key)))
        .set_condition_expression(condition)
        .set_expression_attribute_names(placeholders.names())
        .set_expression_attribute_values(placeholders.values())
        .build()
        .map_err(|error| rejected(&error))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

fn delete_item(
    table: &Table,
    key: &Key,
    condition: Option<String>,
    placeholders: &Placeholders,
) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(&*table.name)
        .set_key(Some(key_item(key)))
        .set_condition_expression(condition)
        .set_expression_attribute_names(placeholders.names())
        .set_expression_attribute_values(placeholders.values())
        .build()
        .map_err(|error| rejected(&error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

fn rejected(error: &aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Rejected(error.to_string())
}

/// The items that a change touches, for finding out whether two changes touch the same.
pub(super) fn touched<E>(writes: &[Write<E>]) -> impl Iterator<Item = &Key> {
    writes.iter().map(|write| &write.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).build()
    }

    fn outcome(codes: [&str; 3]) -> String {
        let meanings = vec![Meaning::Done, Meaning::Refused("no stock"), Meaning::Lost];
        format!("{:?}", classify(&codes.map(reason), meanings))
    }

    #[test]
    fn a_receipt_outweighs_a_refusal_and_a_refusal_a_race() {
        assert!(
            outcome(["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]).starts_with("AlreadyDone")
        );
        assert_eq!(
            outcome(["None", "ConditionalCheckFailed", "TransactionConflict"]),
            "Refused(\"no stock\")"
        );
        assert_eq!(outcome(["None", "None", "ConditionalCheckFailed"]), "Lost");
        assert_eq!(outcome(["TransactionConflict", "None", "None"]), "Lost");
        assert_eq!(outcome(["None", "ThrottlingError", "None"]), "Store(Throttled)");
        assert_eq!(
            outcome(["None", "ConditionalCheckFailed", "ValidationError"]),
            "Store(Rejected(\"ValidationError\"))"
        );
    }

    #[test]
    fn counters_are_guarded_where_they_fall_and_only_there() {
        let adjustment =
            Adjustment { kind: "stock", counters: vec![("available", -3), ("reserved", 3)], notes: vec![] };
        let guard = predicate(Condition::NoneBelowZero, &Operation::Adjust(adjustment)).unwrap();
        assert_eq!(guard, Predicate::All(vec![Predicate::Exists(PK), Predicate::at_least("available", 3)]));
    }

    #[test]
    fn keys_are_named_as_the_schema_names_them() {
        let key = Key { pk: "a".to_owned(), sk: "b".to_owned() };
        assert_eq!(key_item(&key)["sk"], AttributeValue::S("b".to_owned()));
    }
}
