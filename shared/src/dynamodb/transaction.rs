//! One transaction: what a change becomes, and what its failure means.

mod item;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use super::Table;
use super::expression::Placeholders;
use super::failure::store_error;
use super::outbox;
use super::receipts;
use crate::clock::Timestamp;
use crate::command::change::Announcement;
use crate::command::{Cause, Item, Key, Receipt, StoreError, Write};
use item::rejected;

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
    /// The same request is at its receipt right now.
    Twin,
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
        let item = item::item(table, &write.key, write.operation, write.condition)?;
        self.push(item, write.refusal.map_or(Meaning::Lost, Meaning::Refused));
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
            // An attempt of our own under the same token, whose end the client did not see: it may yet commit.
            TransactWriteItemsError::TransactionInProgressException(_) => {
                NotCommitted::Store(StoreError::Unavailable("a transaction whose end is not known"))
            }
            other if other.code() == Some("TransactionConflictException") => NotCommitted::Lost,
            _ => NotCommitted::Store(store_error(&error)),
        },
        _ => NotCommitted::Store(store_error(&error)),
    }
}

/// What the reasons of a cancelled transaction mean together: the weightiest of them.
///
/// A receipt that is there outweighs all: whatever else failed, failed because it was done. Where a version is not the one
/// that was decided on, the decision is made again, and with it what a failed condition would mean; a refusal of the old one
/// may be nothing but the race. Otherwise a refusal is a fact about the moment of the commit. Whatever remains is a race, or
/// the table's own trouble.
fn classify<E>(reasons: &[CancellationReason], meanings: Vec<Meaning<E>>) -> NotCommitted<E> {
    let mut weightiest = (0, NotCommitted::Lost);
    for (reason, meaning) in reasons.iter().zip(meanings) {
        let found = match (reason.code().unwrap_or("None"), meaning) {
            ("None", _) => continue,
            ("ConditionalCheckFailed", Meaning::Done) => {
                return NotCommitted::AlreadyDone(reason.item().cloned().unwrap_or_default().into());
            }
            ("ConditionalCheckFailed", Meaning::Lost) => (4, NotCommitted::Lost),
            ("ConditionalCheckFailed", Meaning::Refused(refusal)) => (3, NotCommitted::Refused(refusal)),
            ("TransactionConflict", Meaning::Done) => (2, NotCommitted::Twin),
            ("TransactionConflict", _) => (2, NotCommitted::Lost),
            ("ProvisionedThroughputExceeded" | "ThrottlingError", _) => {
                (1, NotCommitted::Store(StoreError::Throttled))
            }
            (code, _) => (5, NotCommitted::Store(StoreError::Rejected(code.to_owned()))),
        };
        if found.0 > weightiest.0 {
            weightiest = found;
        }
    }
    weightiest.1
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
    fn a_receipt_outweighs_a_lost_version_that_a_refusal_and_that_a_conflict() {
        assert!(
            outcome(["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]).starts_with("AlreadyDone")
        );
        assert_eq!(
            outcome(["None", "ConditionalCheckFailed", "TransactionConflict"]),
            "Refused(\"no stock\")"
        );
        assert_eq!(outcome(["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]), "Lost");
        assert_eq!(outcome(["None", "None", "ConditionalCheckFailed"]), "Lost");
        assert_eq!(outcome(["None", "None", "TransactionConflict"]), "Lost");
        assert_eq!(outcome(["TransactionConflict", "None", "TransactionConflict"]), "Twin");
        assert_eq!(outcome(["None", "ThrottlingError", "None"]), "Store(Throttled)");
        assert_eq!(
            outcome(["None", "ConditionalCheckFailed", "ValidationError"]),
            "Store(Rejected(\"ValidationError\"))"
        );
    }
}
