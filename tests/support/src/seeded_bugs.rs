//! Catalogue of seeded bugs. Each removes one safeguard from the requests of a function, and the fault test
//! of that safeguard must detect it.

mod http;
mod ledger;
mod outbox;
mod rate_limits;
mod sagas;
mod sessions;
mod stock;

use std::time::Duration;

use local::faults::{Fault, RequestMutation, Rule};
use serde_json::{Value, json};

use crate::audit::Invariant;

/// A bug that tests seed to check that the auditor detects it.
#[derive(Debug, Clone, Copy)]
pub struct SeededBug {
    /// Name of the bug.
    pub name: &'static str,
    /// Invariant that the bug breaks.
    pub invariant: Invariant,
    /// Description of the faulty behaviour.
    pub description: &'static str,
    /// Name of the fault test that must detect the bug.
    pub detected_by: &'static str,
    /// Function whose transactions are delayed, so that a race occurs.
    pub delayed_function: Option<&'static str>,
    mutation: fn() -> RequestMutation,
}

impl SeededBug {
    /// Mutation of the function's requests.
    #[must_use]
    pub fn mutation(&self) -> RequestMutation {
        (self.mutation)()
    }

    /// Delay that makes a race likely: transactions read before concurrent ones have committed.
    #[must_use]
    pub fn delay(&self) -> Option<Rule> {
        let delay = |function| Rule::new(function, Fault::Delay(Duration::from_millis(300)));
        self.delayed_function.map(|function| delay(function).operation("TransactWriteItems").times(u64::MAX))
    }
}

/// All seeded bugs.
pub fn all() -> impl Iterator<Item = &'static SeededBug> {
    [stock::BUGS, sagas::BUGS, ledger::BUGS, outbox::BUGS, http::BUGS, sessions::BUGS, rate_limits::BUGS]
        .into_iter()
        .flatten()
}

/// Finds a bug by name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static SeededBug> {
    all().find(|bug| bug.name == name)
}

/// Mutation of the bug with this name.
///
/// # Panics
/// If the catalogue has no such bug.
#[must_use]
pub fn mutation(name: &str) -> RequestMutation {
    by_name(name).expect("the catalogue has the bug").mutation()
}

/// Items of a transaction; empty for other requests.
fn items(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("TransactItems").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Removes items from a transaction.
fn drop_items(body: &mut Value, matches: impl Fn(&Value) -> bool) {
    if let Some(items) = body.get_mut("TransactItems").and_then(Value::as_array_mut) {
        items.retain(|item| !matches(item));
    }
}

/// Kind of the record that a transaction item puts; empty if it is not a put.
fn kind(item: &Value) -> &str {
    item["Put"]["Item"]["kind"]["S"].as_str().unwrap_or_default()
}

/// Sort key of the record that a transaction item writes.
fn sort_key(item: &Value) -> &str {
    let keys = [&item["Put"]["Item"], &item["Update"]["Key"], &item["Delete"]["Key"]];
    keys.iter().find_map(|key| key["sk"]["S"].as_str()).unwrap_or_default()
}

/// Makes a condition always true. The condition is kept, because DynamoDB rejects unused expression names.
fn bypass_condition(write: &mut Value) {
    if let Some(condition) = write["ConditionExpression"].as_str() {
        // Without parentheses, because DynamoDB rejects redundant ones.
        let always = format!("{condition} OR attribute_exists(pk) OR attribute_not_exists(pk)");
        write["ConditionExpression"] = json!(always);
    }
}

/// Bypasses the conditions of items of a transaction.
fn bypass_conditions(body: &mut Value, matches: impl Fn(&Value) -> bool) {
    for item in items(body).filter(|item| matches(item)) {
        for operation in ["Put", "Update"] {
            if let Some(write) = item.get_mut(operation) {
                bypass_condition(write);
            }
        }
    }
}

/// Changes each number among the values of an expression.
fn change_numbers(write: &mut Value, change: impl Fn(i64) -> i64) {
    let values = write["ExpressionAttributeValues"].as_object_mut();
    for number in
        values.into_iter().flat_map(|values| values.values_mut()).filter_map(|value| value.get_mut("N"))
    {
        if let Some(count) = number.as_str().and_then(|text| text.parse().ok()) {
            *number = json!(change(count).to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_invariant_has_a_bug_and_names_are_unique() {
        let names: BTreeSet<&str> = all().map(|bug| bug.name).collect();
        assert_eq!(names.len(), all().count());
        assert!(names.len() >= 20, "{}", names.len());
        for invariant in Invariant::VARIANTS {
            assert!(all().any(|bug| bug.invariant == *invariant), "no bug breaks {invariant}");
        }
    }
}
