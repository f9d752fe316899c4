//! Writes: transactions, group commit, counters, rate-limit windows, schedules of calls, outbox and idempotency
//! records.

pub(crate) mod counters;
pub(crate) mod group_commit;
pub(crate) mod idempotency_leases;
pub(crate) mod idempotency_records;
pub mod outbox;
pub(crate) mod schedules;
pub(crate) mod transaction;
pub(crate) mod window_counts;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::expression::{Placeholders, Predicate, Update};
use crate::kit::aws::dynamodb::read::loader::key_item;
use crate::kit::command::Key;

impl Table {
    /// Request that updates an item if the condition holds.
    pub(crate) fn update_item(
        &self,
        key: &Key,
        update: &Update,
        condition: &Predicate,
    ) -> UpdateItemFluentBuilder {
        let mut placeholders = Placeholders::default();
        self.client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(update.render(&mut placeholders))
            .condition_expression(condition.render(&mut placeholders))
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
    }
}
