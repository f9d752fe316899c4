//! Conflicts of transactions, which the embedded DynamoDB does not have because it executes them one after the
//! other.
//!
//! DynamoDB cancels a transaction if another one that is in progress contains one of its items
//! (`TransactionConflict`), even if both only check the item. Here, a transaction is in progress from its arrival
//! at the proxy until its response.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Faults;
use super::error_body::cancelled;

/// Table, partition key and sort key of an item.
type ItemKey = [String; 3];

/// Transactions that are in progress, by number.
#[derive(Debug, Default)]
pub(super) struct TransactionsInProgress {
    /// True while conflicts are detected.
    detected: bool,
    last: u64,
    transactions: HashMap<u64, HashSet<ItemKey>>,
    /// Number of transactions that were cancelled.
    cancelled: u64,
}

impl TransactionsInProgress {
    /// Begins a transaction and returns its number.
    fn begin(&mut self, request: &[u8]) -> Result<u64, Vec<u8>> {
        let body: Value = serde_json::from_slice(request).unwrap_or_default();
        let items: Vec<ItemKey> =
            body["TransactItems"].as_array().into_iter().flatten().map(key_of).collect();
        let is_taken = |item: &ItemKey| self.transactions.values().any(|other| other.contains(item));
        let reasons: Vec<&str> =
            items.iter().map(|item| if is_taken(item) { "TransactionConflict" } else { "None" }).collect();
        if reasons.contains(&"TransactionConflict") {
            self.cancelled += 1;
            return Err(cancelled(&reasons, request).to_string().into_bytes());
        }
        self.last += 1;
        self.transactions.insert(self.last, items.into_iter().collect());
        Ok(self.last)
    }
}

impl Faults {
    /// Cancels transactions that contain an item of another one in progress, as DynamoDB does, until the result
    /// is dropped.
    pub fn detect_transaction_conflicts(&self) -> ConflictDetection {
        self.lock().transactions.detected = true;
        ConflictDetection { faults: self.clone(), cancelled_before: self.lock().transactions.cancelled }
    }

    /// Begins a transaction, if conflicts are detected. It ends when the result is dropped.
    ///
    /// # Errors
    /// Response of DynamoDB if another transaction contains one of its items.
    pub(crate) fn begin_transaction(&self, request: &[u8]) -> Result<Option<Transaction>, Vec<u8>> {
        let mut state = self.lock();
        if !state.transactions.detected {
            return Ok(None);
        }
        let number = state.transactions.begin(request)?;
        Ok(Some(Transaction { faults: self.clone(), number }))
    }
}

/// Detection of conflicts between transactions, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct ConflictDetection {
    faults: Faults,
    cancelled_before: u64,
}

impl ConflictDetection {
    /// Number of transactions that were cancelled since it began.
    #[must_use]
    pub fn cancelled_transactions(&self) -> u64 {
        self.faults.lock().transactions.cancelled - self.cancelled_before
    }
}

impl Drop for ConflictDetection {
    fn drop(&mut self) {
        self.faults.lock().transactions.detected = false;
    }
}

/// Transaction in progress.
#[derive(Debug)]
pub(crate) struct Transaction {
    faults: Faults,
    number: u64,
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.faults.lock().transactions.transactions.remove(&self.number);
    }
}

/// Key of the item that an element of a transaction writes or checks.
fn key_of(element: &Value) -> ItemKey {
    let operation = element.as_object().and_then(|operations| operations.values().next());
    let operation = operation.cloned().unwrap_or_default();
    let key = if operation["Key"].is_null() { &operation["Item"] } else { &operation["Key"] };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    [text(&operation["TableName"]), text(&key["pk"]["S"]), text(&key["sk"]["S"])]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn transaction(elements: &[(&str, &str)]) -> Vec<u8> {
        let element = |(operation, partition): &(&str, &str)| {
            let key = json!({ "pk": { "S": partition }, "sk": { "S": "x" } });
            let name = if *operation == "Put" { "Item" } else { "Key" };
            json!({ *operation: { "TableName": "t", name: key } })
        };
        let elements: Vec<Value> = elements.iter().map(element).collect();
        json!({ "TransactItems": elements }).to_string().into_bytes()
    }

    #[test]
    fn transactions_conflict_on_items_that_both_only_check() {
        let faults = Faults::default();
        let first = transaction(&[("Put", "order1"), ("ConditionCheck", "market")]);
        let second = transaction(&[("Put", "order2"), ("ConditionCheck", "market")]);
        assert!(faults.begin_transaction(&first).unwrap().is_none(), "conflicts are not detected");
        let detection = faults.detect_transaction_conflicts();
        let in_progress = faults.begin_transaction(&first).unwrap();
        let refused: Value = serde_json::from_slice(&faults.begin_transaction(&second).unwrap_err()).unwrap();
        let codes: Vec<_> =
            refused["CancellationReasons"].as_array().unwrap().iter().map(|reason| &reason["Code"]).collect();
        assert_eq!(codes, ["None", "TransactionConflict"]);
        let other = transaction(&[("Put", "order3"), ("ConditionCheck", "other")]);
        assert!(faults.begin_transaction(&other).is_ok());
        drop(in_progress);
        let second_in_progress = faults.begin_transaction(&second).unwrap();
        assert!(second_in_progress.is_some());
        assert_eq!(detection.cancelled_transactions(), 1);
        drop(detection);
        assert!(faults.begin_transaction(&second).unwrap().is_none(), "conflicts are no longer detected");
    }
}
