//! The catalogue of planted bugs: each takes one guard away from the calls of a function, and the proof that the guard is
//! for must notice.

mod http;
mod outbox;
mod rate_limits;
mod sagas;
mod sessions;
mod stock;

use std::time::Duration;

use local::faults::{Fault, RequestMutation, Rule};
use serde_json::{Value, json};

use crate::audit::Invariant;

/// A bug that can be planted.
#[derive(Debug, Clone, Copy)]
pub struct SeededBug {
    /// Its name.
    pub name: &'static str,
    /// Which promise it breaks.
    pub invariant: Invariant,
    /// What is broken.
    pub description: &'static str,
    /// The proof that must notice.
    pub shown_by: &'static str,
    /// A function whose transactions have to take their time for it to show, because it is a race.
    pub slowed: Option<&'static str>,
    mutation: fn() -> RequestMutation,
}

impl SeededBug {
    /// The bug itself.
    #[must_use]
    pub fn mutation(&self) -> RequestMutation {
        (self.mutation)()
    }

    /// What makes the race that it is likely, if it is one: each transaction decides on what others have not committed yet.
    #[must_use]
    pub fn slow(&self) -> Option<Rule> {
        let slow = |function| Rule::new(function, Fault::Delay(Duration::from_millis(300)));
        self.slowed.map(|function| slow(function).operation("TransactWriteItems").times(u64::MAX))
    }
}

/// Every bug there is to plant.
pub fn all() -> impl Iterator<Item = &'static SeededBug> {
    [stock::BUGS, sagas::BUGS, outbox::BUGS, http::BUGS, sessions::BUGS, rate_limits::BUGS]
        .into_iter()
        .flatten()
}

/// The bug of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static SeededBug> {
    all().find(|planted| planted.name == name)
}

/// The bug of this name, to be planted.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn mutation(name: &str) -> RequestMutation {
    named(name).expect("the catalogue has the bug").mutation()
}

/// The items of a transaction; none, if the call is no transaction.
fn items(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("TransactItems").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Takes items out of a transaction.
fn drop_items(body: &mut Value, unwanted: impl Fn(&Value) -> bool) {
    if let Some(items) = body.get_mut("TransactItems").and_then(Value::as_array_mut) {
        items.retain(|item| !unwanted(item));
    }
}

/// What kind of record an item of a transaction puts; empty, if it puts none.
fn kind(item: &Value) -> &str {
    item["Put"]["Item"]["kind"]["S"].as_str().unwrap_or_default()
}

/// The sort key of what an item of a transaction writes.
fn place(item: &Value) -> &str {
    let keys = [&item["Put"]["Item"], &item["Update"]["Key"], &item["Delete"]["Key"]];
    keys.iter().find_map(|key| key["sk"]["S"].as_str()).unwrap_or_default()
}

/// Makes a condition hold whatever the table has. The condition stays, for DynamoDB wants every name in use.
fn bypass_condition(guarded: &mut Value) {
    if let Some(condition) = guarded["ConditionExpression"].as_str() {
        // Without parentheses: DynamoDB refuses those that are there twice.
        let always = format!("{condition} OR attribute_exists(pk) OR attribute_not_exists(pk)");
        guarded["ConditionExpression"] = json!(always);
    }
}

/// Disarms the items of a transaction that are wanted.
fn disarm_items(body: &mut Value, wanted: impl Fn(&Value) -> bool) {
    for item in items(body).filter(|item| wanted(item)) {
        for operation in ["Put", "Update"] {
            if let Some(guarded) = item.get_mut(operation) {
                bypass_condition(guarded);
            }
        }
    }
}

/// Changes each number among the values of an expression.
fn change_numbers(guarded: &mut Value, change: impl Fn(i64) -> i64) {
    let values = guarded["ExpressionAttributeValues"].as_object_mut();
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

    use super::*;

    #[test]
    fn every_promise_has_bugs_that_break_it_and_no_two_bugs_have_one_name() {
        let names: BTreeSet<&str> = all().map(|planted| planted.name).collect();
        assert_eq!(names.len(), all().count());
        assert!(names.len() >= 20, "{}", names.len());
        for invariant in Invariant::ALL {
            assert!(all().any(|planted| planted.invariant == *invariant), "nothing breaks {invariant}");
        }
    }
}
