//! One transaction: what a change becomes, and what its failure means.

mod item;

use std::future::Future;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use super::outbox;
use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::Placeholders;
use crate::kit::aws::dynamodb::schema::receipt_key;
use crate::kit::aws::dynamodb::write::idempotency_records;
use crate::kit::command::change::UncommittedEvent;
use crate::kit::command::{CommandContext, IdempotencyRecord, Item, Key, StoreError, Write};
use crate::kit::system::clock::Timestamp;
use item::rejected;

/// How many items one transaction may write.
pub(crate) const MAX_ITEMS: usize = 100;

/// The items of one transaction, each with what the failure of its condition means.
pub(crate) struct Transaction<E> {
    parcel: TransactRequest,
    meanings: Vec<OnConditionFailure<E>>,
}

/// What is sent of a transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransactRequest {
    items: Vec<TransactWriteItem>,
    /// The keys of all items that others may write as well.
    pub(crate) touches: Vec<Key>,
}

/// What the table said of a parcel.
pub(crate) type TransactResult = Result<(), TransactError>;

/// Why nothing of a parcel was written.
#[derive(Debug, Clone)]
pub(crate) enum TransactError {
    /// It was cancelled; a reason for each of its items.
    Cancelled(Vec<CancellationReason>),
    /// Somebody is at the same items right now.
    InConflict,
    /// The table.
    Failed(StoreError),
}

/// What it means that an item's condition failed.
enum OnConditionFailure<E> {
    /// It was done before.
    Done,
    /// The domain refuses it.
    Refused(E),
    /// Somebody was faster.
    Conflict,
}

/// Why a transaction was not committed. Nothing of it was written.
#[derive(Debug)]
pub(crate) enum CommitError<E> {
    /// It was done before: the stored receipt.
    AlreadyDone(Item),
    /// A condition failed that the domain attached a refusal to.
    Refused(E),
    /// The same request is at its receipt right now.
    InProgress,
    /// Somebody was faster, or is at the same items right now.
    Conflict,
    /// The table.
    Store(StoreError),
}

impl<E> Transaction<E> {
    pub(crate) const fn new() -> Self {
        Self { parcel: TransactRequest { items: Vec::new(), touches: Vec::new() }, meanings: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.parcel.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.parcel.is_empty()
    }

    /// Adds the proof that the cause was acted on.
    pub(crate) fn receipt(
        &mut self,
        table: &Table,
        receipt: &IdempotencyRecord,
        output: &impl serde::Serialize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = idempotency_records::absent_or_expired(now).render(&mut placeholders);
        let put = Put::builder()
            .table_name(&*table.name)
            .set_item(Some(idempotency_records::item(receipt, output)?))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| rejected(&error))?;
        self.parcel.touches.push(receipt_key(receipt));
        self.push(TransactWriteItem::builder().put(put).build(), OnConditionFailure::Done);
        Ok(())
    }

    /// Adds an event to the outbox.
    pub(crate) fn event(
        &mut self,
        table: &Table,
        event: &UncommittedEvent,
        cause: &CommandContext,
    ) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(&*table.name)
            .set_item(Some(outbox::item(event, cause)?))
            .build()
            .map_err(|error| rejected(&error))?;
        self.push(TransactWriteItem::builder().put(put).build(), OnConditionFailure::Conflict);
        Ok(())
    }

    /// Adds one write of a change.
    pub(crate) fn write(&mut self, table: &Table, write: Write<E>) -> Result<(), StoreError> {
        let item = item::item(table, &write.key, write.operation, write.condition)?;
        self.parcel.touches.push(write.key);
        self.push(item, write.refusal.map_or(OnConditionFailure::Conflict, OnConditionFailure::Refused));
        Ok(())
    }

    fn push(&mut self, item: TransactWriteItem, meaning: OnConditionFailure<E>) {
        self.parcel.items.push(item);
        self.meanings.push(meaning);
    }

    /// Commits all of it, or nothing, by whatever takes parcels to the table.
    pub(crate) async fn commit<F: Future<Output = TransactResult>>(
        self,
        send: impl FnOnce(TransactRequest) -> F,
    ) -> Result<(), CommitError<E>> {
        let Self { parcel, meanings } = self;
        send(parcel).await.map_err(|unsent| match unsent {
            TransactError::Cancelled(reasons) => classify(&reasons, meanings),
            TransactError::InConflict => CommitError::Conflict,
            TransactError::Failed(error) => CommitError::Store(error),
        })
    }
}

impl TransactRequest {
    pub(crate) const fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Several, to be written together.
    pub(crate) fn joined<'a>(parcels: impl IntoIterator<Item = &'a Self>) -> Self {
        parcels.into_iter().fold(Self::default(), |mut joined, parcel| {
            joined.items.extend(parcel.items.iter().cloned());
            joined.touches.extend(parcel.touches.iter().cloned());
            joined
        })
    }

    /// Asks the table to write all of it, or nothing.
    ///
    /// The client sends the same request token with each of its own attempts, so that an attempt whose answer was
    /// lost is not committed twice.
    pub(crate) async fn send(self, table: &Table) -> TransactResult {
        let request = table.client.transact_write_items().set_transact_items(Some(self.items));
        let sent = Box::pin(request.send()).await;
        sent.map(drop).map_err(unsent)
    }
}

fn unsent<R>(error: SdkError<TransactWriteItemsError, R>) -> TransactError {
    match &error {
        SdkError::ServiceError(service) => match service.err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                TransactError::Cancelled(cancelled.cancellation_reasons().to_vec())
            }
            // An attempt of our own under the same token, whose end the client did not see: it may yet commit.
            TransactWriteItemsError::TransactionInProgressException(_) => {
                TransactError::Failed(StoreError::Unavailable("a transaction whose end is not known"))
            }
            other if other.code() == Some("TransactionConflictException") => TransactError::InConflict,
            _ => TransactError::Failed(store_error(&error)),
        },
        _ => TransactError::Failed(store_error(&error)),
    }
}

/// Whether one of the reasons is one: a cancelled transaction has one for each item, `None` for those that were fine.
pub(crate) fn any_failed(reasons: &[CancellationReason]) -> bool {
    reasons.iter().any(|reason| reason.code().is_some_and(|code| code != "None"))
}

/// What the reasons of a cancelled transaction mean together: the weightiest of them.
///
/// A receipt that is there outweighs all: whatever else failed, failed because it was done. Where a version is not the one
/// that was decided on, the decision is made again, and with it what a failed condition would mean; a refusal of the old one
/// may be nothing but the race. Otherwise a refusal is a fact about the moment of the commit. Whatever remains is a race, or
/// the table's own trouble.
fn classify<E>(reasons: &[CancellationReason], meanings: Vec<OnConditionFailure<E>>) -> CommitError<E> {
    let mut weightiest = (0, CommitError::Conflict);
    for (reason, meaning) in reasons.iter().zip(meanings) {
        let found = match (reason.code().unwrap_or("None"), meaning) {
            ("None", _) => continue,
            ("ConditionalCheckFailed", OnConditionFailure::Done) => {
                return CommitError::AlreadyDone(reason.item().cloned().unwrap_or_default().into());
            }
            ("ConditionalCheckFailed", OnConditionFailure::Conflict) => (4, CommitError::Conflict),
            ("ConditionalCheckFailed", OnConditionFailure::Refused(refusal)) => {
                (3, CommitError::Refused(refusal))
            }
            ("TransactionConflict", OnConditionFailure::Done) => (2, CommitError::InProgress),
            ("TransactionConflict", _) => (2, CommitError::Conflict),
            ("ProvisionedThroughputExceeded" | "ThrottlingError", _) => {
                (1, CommitError::Store(StoreError::Throttled))
            }
            (code, _) => (5, CommitError::Store(StoreError::Rejected(code.to_owned()))),
        };
        if found.0 > weightiest.0 {
            weightiest = found;
        }
    }
    weightiest.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).build()
    }

    fn outcome(codes: [&str; 3]) -> String {
        let meanings = vec![
            OnConditionFailure::Done,
            OnConditionFailure::Refused("no stock"),
            OnConditionFailure::Conflict,
        ];
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
