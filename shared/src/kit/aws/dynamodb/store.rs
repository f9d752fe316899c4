//! The DynamoDB store: executes commands as described in [`crate::kit::command`].
//!
//! ```text
//!   +------------------- conflict: back off, then retry -------------------+
//!   v                                                                      |
//! load ----------------------> decide ----------> commit ------------------+---> committed
//! BatchGetItem:                pure function      TransactWriteItems:      |
//! state, idempotency record      |                entities, events,        +---> refused by a condition
//!   |                            |                idempotency record       |
//!   +--> record exists:          +--> refused                              +---> record exists:
//!        replay its output                                                       replay its output
//! ```
//!
//! A commit detects stale state by its conditions. A refusal commits nothing, so it is only returned once it
//! is known to rest on a consistent state; see [`DecisionInput`].

use std::sync::Arc;
use std::time::Duration;

use super::schema::idempotency_record_key;
use super::{Consistency, Table, record_retry};
use crate::kit::aws::dynamodb::read::loader;
use crate::kit::aws::dynamodb::write::group_commit::GroupCommit;
use crate::kit::aws::dynamodb::write::idempotency_records;
use crate::kit::aws::dynamodb::write::transaction::{
    CommitError, MAX_ITEMS, TransactRequest, TransactResult, Transaction,
};
use crate::kit::command::{
    Change, Command, CommandContext, ExecuteError, ExecuteResult, Executed, Item, Key, LoadedItems, ReadSet,
    Store, StoreError,
};
use crate::kit::resilience::pacing::{Schedule, SlotOutcome, SlotRequest};
use crate::kit::resilience::rate_limit::attempts::{AtomicCounters, Count};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};

/// Backoff before deciding again after a conflict.
const CONFLICT_BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(250), 9);

/// Executes commands on a table.
#[derive(Debug, Clone)]
pub struct DynamoStore<C = SystemClock, R = SystemEntropy> {
    table: Table,
    /// Combines the requests of concurrent commands, if enabled.
    group_commit: Option<Arc<GroupCommit>>,
    clock: C,
    entropy: R,
}

impl DynamoStore {
    /// A store on `table`, with the system's clock and entropy source.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self { table, group_commit: None, clock: SystemClock, entropy: SystemEntropy }
    }
}

impl<C, R> DynamoStore<C, R> {
    /// A store with an injected clock and entropy source (tests).
    pub fn with_clock(table: Table, clock: C, entropy: R) -> Self {
        Self { table, group_commit: None, clock, entropy }
    }

    /// Enables group commit, for callers that execute several commands concurrently: their loads share
    /// requests, and so do their commits, unless they write the same items.
    #[must_use]
    pub fn with_group_commit(self) -> Self {
        Self { group_commit: Some(Arc::default()), ..self }
    }
}

/// Result of a decision: the output, and the transaction to commit.
type Decided<C> = (<C as Command>::Output, Transaction<<C as Command>::Error>);

impl<C: Clock, R: Entropy> Store for DynamoStore<C, R> {
    async fn load<T: Send + 'static>(&self, reads: ReadSet<T>) -> Result<T, StoreError> {
        let loaded = self.fetch(reads.keys()).await?;
        Ok(reads.assemble(&loaded)?)
    }

    async fn execute<D: Command>(&self, command: D, context: &CommandContext) -> ExecuteResult<D> {
        // Boxed, because sagas nest many of these futures, which would otherwise be copied and fill the
        // stack.
        Box::pin(self.attempt(command, context, None)).await
    }

    async fn execute_on<D: Command>(
        &self,
        state: D::State,
        command: D,
        context: &CommandContext,
    ) -> ExecuteResult<D> {
        Box::pin(self.attempt(command, context, Some(state))).await
    }
}

impl<C: Clock, R: Entropy> AtomicCounters for DynamoStore<C, R> {
    async fn increment_all(&self, counts: &[Count]) -> Result<bool, StoreError> {
        self.table.increment_all(counts).await
    }

    async fn decrement_all(&self, counts: &[Count]) -> Result<(), StoreError> {
        self.table.decrement_all(counts).await
    }
}

impl<C: Clock, R: Entropy> Schedule for DynamoStore<C, R> {
    async fn take(&self, service: &str, request: SlotRequest) -> Result<SlotOutcome, StoreError> {
        self.table.take(service, request).await
    }
}

/// Result of loading the state of a decision.
enum LoadResult<T, O> {
    /// The state; the command has not been executed before.
    State(DecisionInput<T>),
    /// Output of the idempotency record.
    Replay(O),
}

/// State that a decision is based on.
struct DecisionInput<T> {
    state: T,
    /// Items of the batch read. A batch read is not a snapshot: it may return one item from before a commit
    /// of another writer and a second one from after it. A commit detects this by its conditions. A refusal
    /// commits nothing, so it is returned only if two consecutive reads have found the same items. `None` if
    /// at most one item was read, which cannot be inconsistent, or if the caller supplied the state.
    items: Option<LoadedItems>,
}

impl<T> DecisionInput<T> {
    /// State supplied by the caller, who re-reads on refusal.
    const fn supplied(state: T) -> Self {
        Self { state, items: None }
    }
}

impl<C: Clock, R: Entropy> DynamoStore<C, R> {
    /// Runs attempts until the command is committed or refused, or has had too many conflicts. State that the
    /// caller supplies replaces the first load.
    async fn attempt<D: Command>(
        &self,
        command: D,
        context: &CommandContext,
        supplied: Option<D::State>,
    ) -> ExecuteResult<D> {
        let mut supplied = supplied.map(DecisionInput::supplied);
        let mut refused_on = None;
        let mut conflicts = 0;
        loop {
            let input = match supplied.take() {
                Some(input) => input,
                None => match self.load_or_replay(&command, context).await? {
                    LoadResult::State(input) => input,
                    LoadResult::Replay(output) => return Ok(Executed::Replayed(output)),
                },
            };
            let conflict = match self.decide(&command, input.state, context) {
                Ok(decided) => match self.commit::<D>(decided, context).await {
                    Err(conflict @ (ExecuteError::Contention | ExecuteError::InProgress)) => conflict,
                    result => return result,
                },
                Err(ExecuteError::Refused(refusal)) if input.items == refused_on => {
                    return Err(ExecuteError::Refused(refusal));
                }
                Err(ExecuteError::Refused(_)) => {
                    let is_first = refused_on.is_none();
                    refused_on = input.items;
                    if is_first {
                        continue;
                    }
                    ExecuteError::Contention
                }
                Err(error) => return Err(error),
            };
            conflicts += 1;
            let Some(delay) = CONFLICT_BACKOFF.delay(conflicts, &self.entropy) else { return Err(conflict) };
            record_retry("TransactWriteItems", conflicts + 1, delay, "conflict");
            self.clock.sleep(delay).await;
        }
    }

    /// Commits a decision, if it changes anything. After [`ExecuteError::Contention`] or
    /// [`ExecuteError::InProgress`] the command decides again.
    async fn commit<D: Command>(
        &self,
        (output, transaction): Decided<D>,
        context: &CommandContext,
    ) -> ExecuteResult<D> {
        if transaction.is_empty() {
            return Ok(Executed::Committed(output));
        }
        match transaction.commit(|request| self.send(request)).await {
            Ok(()) => Ok(Executed::Committed(output)),
            Err(CommitError::Refused(refusal)) => Err(ExecuteError::Refused(refusal)),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(CommitError::AlreadyDone(item)) => {
                replay(item, context)?.map(Executed::Replayed).ok_or(ExecuteError::Contention)
            }
            Err(CommitError::InProgress) => Err(ExecuteError::InProgress),
            Err(CommitError::Conflict) => Err(ExecuteError::Contention),
        }
    }

    /// Loads the state of a decision, or the output of the idempotency record, if there is one.
    async fn load_or_replay<D: Command>(
        &self,
        command: &D,
        context: &CommandContext,
    ) -> Result<LoadResult<D::State, D::Output>, ExecuteError<D::Error>> {
        let reads = command.reads();
        let record_key = context.idempotency_record.as_ref().map(idempotency_record_key);
        let loaded = self.fetch(reads.keys().iter().chain(&record_key)).await?;
        if let Some(item) = record_key.as_ref().and_then(|key| loaded.item(key))
            && let Some(output) = replay(item.clone(), context)?
        {
            return Ok(LoadResult::Replay(output));
        }
        let state = reads.assemble(&loaded).map_err(StoreError::from)?;
        let is_consistent = reads.keys().len() + usize::from(record_key.is_some()) <= 1;
        Ok(LoadResult::State(DecisionInput { state, items: (!is_consistent).then_some(loaded) }))
    }

    /// Decides on `state` and builds the transaction.
    fn decide<D: Command>(
        &self,
        command: &D,
        state: D::State,
        context: &CommandContext,
    ) -> Result<Decided<D>, ExecuteError<D::Error>> {
        let change = command.decide(state, context.at).map_err(ExecuteError::Refused)?;
        let mut transaction = Transaction::new();
        let output = self.add(&mut transaction, change, context)?;
        if transaction.len() > MAX_ITEMS {
            return Err(StoreError::Rejected("a transaction is limited to 100 items".to_owned()).into());
        }
        Ok((output, transaction))
    }

    /// Adds idempotency record, entities and events of a change to `transaction`.
    fn add<T: serde::Serialize, E>(
        &self,
        transaction: &mut Transaction<E>,
        change: Change<T, E>,
        context: &CommandContext,
    ) -> Result<T, StoreError> {
        let (output, writes, events) = change.into_parts()?;
        if let Some(record) = &context.idempotency_record {
            transaction.idempotency_record(&self.table, record, &output, context.at)?;
        }
        for write in writes {
            transaction.write(&self.table, write)?;
        }
        for event in &events {
            transaction.event(&self.table, event, context)?;
        }
        Ok(output)
    }

    async fn fetch<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Result<LoadedItems, StoreError> {
        let (clock, entropy) = (&self.clock, &self.entropy);
        match &self.group_commit {
            Some(group_commit) => {
                let keys = keys.into_iter().cloned().collect();
                group_commit.load(&self.table, keys, clock, entropy).await
            }
            None => loader::load(&self.table, keys, Consistency::Strong, None, clock, entropy).await,
        }
    }

    async fn send(&self, request: TransactRequest) -> TransactResult {
        match &self.group_commit {
            Some(group_commit) => group_commit.commit(&self.table, request).await,
            None => request.send(&self.table).await,
        }
    }
}
/// Returns the stored output of the idempotency record of a context, unless the record has expired.
fn replay<T: serde::de::DeserializeOwned, E>(
    item: Item,
    context: &CommandContext,
) -> Result<Option<T>, ExecuteError<E>> {
    match &context.idempotency_record {
        Some(record) => idempotency_records::stored_output(item, record, context.at),
        None => Ok(None),
    }
}
