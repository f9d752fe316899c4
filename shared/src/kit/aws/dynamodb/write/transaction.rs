//! Transactions: the request that a change becomes, and the interpretation of its failure.

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
use crate::kit::aws::dynamodb::schema::idempotency_record_key;
use crate::kit::aws::dynamodb::write::idempotency_records;
use crate::kit::command::{
    CommandContext, Condition, IdempotencyRecord, Item, Key, StoreError, UncommittedEvent, Write,
};
use crate::kit::system::clock::Timestamp;
use item::rejected;

/// Maximum number of items per transaction.
pub(crate) const MAX_ITEMS: usize = 100;

/// The items of one transaction, each with the meaning of a failed condition.
pub(crate) struct Transaction<E> {
    request: TransactRequest,
    on_failure: Vec<OnConditionFailure<E>>,
}

/// The request of a transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransactRequest {
    items: Vec<TransactWriteItem>,
    /// Keys of all items that other writers may write as well.
    pub(crate) keys: Vec<Key>,
}

/// Result of sending a request.
pub(crate) type TransactResult = Result<(), TransactError>;

/// Reason why a request failed.
#[derive(Debug, Clone)]
pub(crate) enum TransactError {
    /// The transaction was cancelled, with one reason per item.
    Cancelled(Vec<CancellationReason>),
    /// Another transaction is writing the same items.
    InConflict,
    /// The table failed.
    Failed(StoreError),
}

/// Meaning of a failed condition of one item.
enum OnConditionFailure<E> {
    /// The command was committed before.
    Done,
    /// The domain refuses the command.
    Refused(E),
    /// The domain refuses the command if the item exists. If it does not, the write is left out.
    RefusedIfPresent(E),
    /// A concurrent writer changed the item: retry.
    Conflict,
}

/// Reason why a transaction was not committed. Nothing of it was written; if the table failed, the outcome
/// may be unknown.
#[derive(Debug)]
pub(crate) enum CommitError<E> {
    /// The command was committed before: the stored idempotency record.
    AlreadyDone(Item),
    /// The condition of a write with a refusal failed.
    Refused(E),
    /// The same request is being committed: its idempotency record is locked.
    InProgress,
    /// A concurrent writer changed an item, or is writing one.
    Conflict,
    /// The table failed.
    Store(StoreError),
}

impl<E> Transaction<E> {
    pub(crate) const fn new() -> Self {
        Self { request: TransactRequest { items: Vec::new(), keys: Vec::new() }, on_failure: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.request.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.request.is_empty()
    }

    /// Adds the idempotency record.
    pub(crate) fn idempotency_record(
        &mut self,
        table: &Table,
        record: &IdempotencyRecord,
        output: &impl serde::Serialize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let condition = idempotency_records::absent_or_expired(now).render(&mut placeholders);
        let put = Put::builder()
            .table_name(&*table.name)
            .set_item(Some(idempotency_records::item(record, output)?))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| rejected(&error))?;
        self.request.keys.push(idempotency_record_key(record));
        self.push(TransactWriteItem::builder().put(put).build(), OnConditionFailure::Done);
        Ok(())
    }

    /// Adds an event to the outbox, or to the event log if no queue subscribes to it.
    pub(crate) fn event(
        &mut self,
        table: &Table,
        event: &UncommittedEvent,
        context: &CommandContext,
    ) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(&*table.name)
            .set_item(Some(outbox::item(event, context, table.event_retention())?))
            .build()
            .map_err(|error| rejected(&error))?;
        self.push(TransactWriteItem::builder().put(put).build(), OnConditionFailure::Conflict);
        Ok(())
    }

    /// Adds one write of a change.
    pub(crate) fn write(&mut self, table: &Table, write: Write<E>) -> Result<(), StoreError> {
        let may_be_absent = write.condition == Condition::NoneBelowZeroIfExists;
        let item = item::item(table, &write.key, write.operation, write.condition)?;
        self.request.keys.push(write.key);
        let meaning = match write.refusal {
            Some(refusal) if may_be_absent => OnConditionFailure::RefusedIfPresent(refusal),
            Some(refusal) => OnConditionFailure::Refused(refusal),
            None => OnConditionFailure::Conflict,
        };
        self.push(item, meaning);
        Ok(())
    }

    fn push(&mut self, item: TransactWriteItem, meaning: OnConditionFailure<E>) {
        self.request.items.push(item);
        self.on_failure.push(meaning);
    }

    /// Commits atomically through `send`. If nothing failed but writes of items that may be absent and are, it
    /// commits again without these writes.
    pub(crate) async fn commit<F: Future<Output = TransactResult>>(
        mut self,
        send: impl Fn(TransactRequest) -> F,
    ) -> Result<(), CommitError<E>> {
        loop {
            // Copied only if a second request may be necessary.
            let request = if self.on_failure.iter().any(OnConditionFailure::allows_absence) {
                self.request.clone()
            } else {
                std::mem::take(&mut self.request)
            };
            let reasons = match send(request).await {
                Ok(()) => return Ok(()),
                Err(TransactError::Cancelled(reasons)) => reasons,
                Err(TransactError::InConflict) => return Err(CommitError::Conflict),
                Err(TransactError::Failed(error)) => return Err(CommitError::Store(error)),
            };
            let with_meaning = reasons.iter().zip(&self.on_failure);
            let absent: Vec<bool> =
                with_meaning.map(|(reason, meaning)| is_absent(reason, meaning)).collect();
            let others_failed =
                reasons.iter().zip(&absent).any(|(reason, is_absent)| !*is_absent && has_failed(reason));
            if others_failed || !absent.contains(&true) {
                return Err(classify(&reasons, self.on_failure));
            }
            self.leave_out(&absent);
        }
    }

    /// Removes the items that are marked by their position.
    fn leave_out(&mut self, marked: &[bool]) {
        let mut marks = marked.iter();
        self.request.items.retain(|_| marks.next() != Some(&true));
        let mut marks = marked.iter();
        self.on_failure.retain(|_| marks.next() != Some(&true));
    }
}

impl<E> OnConditionFailure<E> {
    const fn allows_absence(&self) -> bool {
        matches!(self, Self::RefusedIfPresent(_))
    }
}

/// Returns true if a condition failed because its item does not exist, and the write may be left out.
fn is_absent<E>(reason: &CancellationReason, meaning: &OnConditionFailure<E>) -> bool {
    meaning.allows_absence()
        && reason.code() == Some("ConditionalCheckFailed")
        && reason.item.as_ref().is_none_or(std::collections::HashMap::is_empty)
}

impl TransactRequest {
    pub(crate) const fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Joins several requests into one.
    pub(crate) fn joined<'a>(requests: impl IntoIterator<Item = &'a Self>) -> Self {
        requests.into_iter().fold(Self::default(), |mut joined, request| {
            joined.items.extend(request.items.iter().cloned());
            joined.keys.extend(request.keys.iter().cloned());
            joined
        })
    }

    /// Sends the request.
    ///
    /// The SDK sends the same client request token with each of its attempts, so an attempt whose response
    /// was lost is not committed twice.
    pub(crate) async fn send(self, table: &Table) -> TransactResult {
        let request = table.client.transact_write_items().set_transact_items(Some(self.items));
        let sent = Box::pin(request.send()).await;
        sent.map(drop).map_err(transact_error)
    }
}

fn transact_error<R>(error: SdkError<TransactWriteItemsError, R>) -> TransactError {
    match &error {
        SdkError::ServiceError(service) => match service.err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                TransactError::Cancelled(cancelled.cancellation_reasons().to_vec())
            }
            // An earlier attempt with the same token, whose outcome the SDK does not know. It may still
            // commit.
            TransactWriteItemsError::TransactionInProgressException(_) => {
                TransactError::Failed(StoreError::Unavailable("transaction with an unknown outcome"))
            }
            other if other.code() == Some("TransactionConflictException") => TransactError::InConflict,
            _ => TransactError::Failed(store_error(&error)),
        },
        _ => TransactError::Failed(store_error(&error)),
    }
}

/// Returns true if one of the items failed.
pub(crate) fn any_failed(reasons: &[CancellationReason]) -> bool {
    reasons.iter().any(has_failed)
}

/// Returns true if the item failed. A cancelled transaction has a reason for each item, with the code `None`
/// for items that did not fail.
fn has_failed(reason: &CancellationReason) -> bool {
    reason.code().is_some_and(|code| code != "None")
}

/// Reduces the reasons of a cancelled transaction to the one that takes precedence:
///
/// - An existing idempotency record comes first: the command was committed before, and every other failure is
///   a consequence.
/// - A rejected request, such as a validation error, is next: a retry cannot succeed.
/// - A version conflict outweighs a refusal. The command decides again on newly loaded state; the refusal may
///   only be a consequence of the conflict.
/// - A refusal without a version conflict is final: its condition was evaluated at the time of the commit.
/// - A conflict with a running transaction is next, and throttling is last.
///
/// An absent item whose write may be left out counts as not failed.
fn classify<E>(reasons: &[CancellationReason], on_failure: Vec<OnConditionFailure<E>>) -> CommitError<E> {
    let mut chosen = (0, CommitError::Conflict);
    for (reason, meaning) in reasons.iter().zip(on_failure) {
        let candidate = match (reason.code().unwrap_or("None"), meaning) {
            ("None", _) => continue,
            (_, meaning) if is_absent(reason, &meaning) => continue,
            ("ConditionalCheckFailed", OnConditionFailure::Done) => {
                return CommitError::AlreadyDone(reason.item().cloned().unwrap_or_default().into());
            }
            ("ConditionalCheckFailed", OnConditionFailure::Conflict) => (4, CommitError::Conflict),
            (
                "ConditionalCheckFailed",
                OnConditionFailure::Refused(refusal) | OnConditionFailure::RefusedIfPresent(refusal),
            ) => (3, CommitError::Refused(refusal)),
            ("TransactionConflict", OnConditionFailure::Done) => (2, CommitError::InProgress),
            ("TransactionConflict", _) => (2, CommitError::Conflict),
            ("ProvisionedThroughputExceeded" | "ThrottlingError", _) => {
                (1, CommitError::Store(StoreError::Throttled))
            }
            (code, _) => (5, CommitError::Store(StoreError::Rejected(code.to_owned()))),
        };
        if candidate.0 > chosen.0 {
            chosen = candidate;
        }
    }
    chosen.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).build()
    }

    fn outcome(codes: [&str; 3]) -> String {
        let on_failure = vec![
            OnConditionFailure::Done,
            OnConditionFailure::Refused("no stock"),
            OnConditionFailure::Conflict,
        ];
        format!("{:?}", classify(&codes.map(reason), on_failure))
    }

    #[test]
    fn cancellation_reasons_are_ranked() {
        assert!(
            outcome(["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]).starts_with("AlreadyDone")
        );
        assert_eq!(
            outcome(["None", "ConditionalCheckFailed", "TransactionConflict"]),
            "Refused(\"no stock\")"
        );
        assert_eq!(outcome(["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]), "Conflict");
        assert_eq!(outcome(["None", "None", "ConditionalCheckFailed"]), "Conflict");
        assert_eq!(outcome(["None", "None", "TransactionConflict"]), "Conflict");
        assert_eq!(outcome(["TransactionConflict", "None", "TransactionConflict"]), "InProgress");
        assert_eq!(outcome(["None", "ThrottlingError", "None"]), "Store(Throttled)");
        assert_eq!(
            outcome(["None", "ConditionalCheckFailed", "ValidationError"]),
            "Store(Rejected(\"ValidationError\"))"
        );
    }
}
