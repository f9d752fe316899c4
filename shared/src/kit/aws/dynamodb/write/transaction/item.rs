//! Transaction items: conversion of a write to one item of the request.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update as UpdateItem,
};

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::expression::{Placeholders, Predicate, Update};
use crate::kit::aws::dynamodb::read::loader::key_item;
use crate::kit::aws::dynamodb::schema::{KIND, PK, SUMMARY, TTL, VERSION, index_entries};
use crate::kit::command::{Adjustment, Condition, IndexEntries, Item, Key, Operation, StoreError};
use crate::kit::system::clock::Timestamp;

/// Sets table, condition and placeholders, which every kind of item has.
macro_rules! build_item {
    ($builder:expr, $table:expr, $condition:expr, $placeholders:expr) => {
        $builder
            .table_name(&*$table.name)
            .set_condition_expression($condition)
            .set_expression_attribute_names($placeholders.names())
            .set_expression_attribute_values($placeholders.values())
            .build()
            .map_err(|error| rejected(&error))
    };
}

/// Attributes of a record, including those that every item has.
fn attributes_of(
    key: &Key,
    item: Item,
    kind: &str,
    entries: IndexEntries,
    expires_at: Option<Timestamp>,
) -> HashMap<String, AttributeValue> {
    let mut attributes: HashMap<String, AttributeValue> = item.into();
    attributes.extend(key_item(key));
    attributes.insert(KIND.to_owned(), AttributeValue::S(kind.to_owned()));
    if let Some(time) = expires_at {
        attributes.insert(TTL.to_owned(), AttributeValue::N(time.as_seconds().to_string()));
    }
    if let Some(summary) = &entries.summary {
        attributes.insert(SUMMARY.to_owned(), (**summary).clone().into());
    }
    for (index, (partition, sort)) in index_entries(entries) {
        let (partition_attribute, sort_attribute) = index.attributes();
        attributes.insert(partition_attribute.to_owned(), AttributeValue::S(partition));
        attributes.insert(sort_attribute.to_owned(), AttributeValue::S(sort));
    }
    attributes
}

/// Builds the transaction item that applies `operation` to the item under `key`, if `condition` holds.
pub(super) fn item(
    table: &Table,
    key: &Key,
    operation: Operation,
    condition: Condition,
) -> Result<TransactWriteItem, StoreError> {
    let mut placeholders = Placeholders::default();
    let may_be_absent = condition == Condition::NoneBelowZeroIfExists;
    let condition = predicate(condition, &operation).map(|predicate| predicate.render(&mut placeholders));
    // The table returns the item whose condition failed, and nothing if the item does not exist.
    let returns_item = may_be_absent.then_some(ReturnValuesOnConditionCheckFailure::AllOld);
    let item = TransactWriteItem::builder();
    let key_only = Some(key_item(key));
    let item = match operation {
        Operation::Put { item: record, kind, index_entries: entries, expires_at } => {
            let attributes = attributes_of(key, record, kind, entries, expires_at);
            item.put(build_item!(Put::builder().set_item(Some(attributes)), table, condition, placeholders)?)
        }
        Operation::Adjust(adjustment) => {
            let update = UpdateItem::builder().set_return_values_on_condition_check_failure(returns_item);
            item.update(update_item(update, table, key, &adjustment, condition, placeholders)?)
        }
        Operation::Check => {
            let check = ConditionCheck::builder().set_key(key_only);
            item.condition_check(build_item!(check, table, condition, placeholders)?)
        }
        Operation::Delete => {
            item.delete(build_item!(Delete::builder().set_key(key_only), table, condition, placeholders)?)
        }
    };
    Ok(item.build())
}

pub(super) fn predicate(condition: Condition, operation: &Operation) -> Option<Predicate> {
    match condition {
        Condition::Always => None,
        Condition::Absent => Some(Predicate::Absent(PK)),
        Condition::AtVersion(version) => {
            Some(Predicate::equal(VERSION, i64::try_from(version.get()).unwrap_or(i64::MAX)))
        }
        Condition::Is(attribute, value) => Some(Predicate::equal(attribute, value)),
        Condition::Zero(counter) => Some(Predicate::equal(counter, 0)),
        Condition::NoneBelowZero | Condition::NoneBelowZeroIfExists => {
            let Operation::Adjust(adjustment) = operation else { return None };
            let decreases = adjustment.counters.iter().filter(|(_, by)| *by < 0);
            let floors = decreases.map(|(name, by)| Predicate::at_least(name, by.saturating_neg()));
            Some(Predicate::All(std::iter::once(Predicate::Exists(PK)).chain(floors).collect()))
        }
    }
}

fn update_item(
    builder: UpdateBuilder,
    table: &Table,
    key: &Key,
    adjustment: &Adjustment,
    condition: Option<String>,
    mut placeholders: Placeholders,
) -> Result<UpdateItem, StoreError> {
    let update = Update::default().set(KIND, adjustment.kind);
    let update = adjustment.counters.iter().fold(update, |update, (name, by)| update.add(name, *by));
    let update = adjustment.notes.iter().fold(update, |update, (name, text)| update.set(name, text.clone()));
    let expression = update.render(&mut placeholders);
    let builder = builder.set_key(Some(key_item(key))).update_expression(expression);
    build_item!(builder, table, condition, placeholders)
}

pub(super) fn rejected(error: &BuildError) -> StoreError {
    StoreError::Rejected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decreased_counters_have_a_condition() {
        let adjustment =
            Adjustment { kind: "stock", counters: vec![("available", -3), ("reserved", 3)], notes: vec![] };
        let condition = predicate(Condition::NoneBelowZero, &Operation::Adjust(adjustment)).unwrap();
        assert_eq!(
            condition,
            Predicate::All(vec![Predicate::Exists(PK), Predicate::at_least("available", 3)])
        );
    }

    #[test]
    fn key_attributes_have_the_names_of_the_schema() {
        let key = Key { pk: "a".to_owned(), sk: "b".to_owned() };
        assert_eq!(key_item(&key)["sk"], AttributeValue::S("b".to_owned()));
    }
}
