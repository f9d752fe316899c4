//! The store: load, decide, commit once.

use std::sync::Arc;
use std::time::Duration;

use super::schema::receipt_key;
use super::{Consistency, Table};
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
use crate::kit::resilience::rate_limit::attempts::{AtomicCounters, Count};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};

/// How often a decision is made again after a lost race, and how long it waits before.
const CONFLICT_BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(250), 9);

/// Carries out commands on a table.
#[derive(Debug, Clone)]
pub struct DynamoStore<C = SystemClock, R = SystemEntropy> {
    table: Table,
    /// Where what several ask of the table at the same time is gathered, if it is.
    batches: Option<Arc<GroupCommit>>,
    clock: C,
    entropy: R,
}

impl DynamoStore {
    /// A store on `table`, with the machine's own clock and generator.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self { table, batches: None, clock: SystemClock, entropy: SystemEntropy }
    }
}

impl<C, R> DynamoStore<C, R> {
    /// The same, in the time and with the chance given.
    pub fn with_clock(table: Table, (clock, entropy): (C, R)) -> Self {
        Self { table, batches: None, clock, entropy }
    }

    /// The same, for those who carry out several commands at the same time: what they load is loaded together, and what
    /// they commit is committed together, unless it touches the same items.
    #[must_use]
    pub fn with_group_commit(self) -> Self {
        Self { batches: Some(Arc::default()), ..self }
    }
}

/// What a decision became: an answer, and the transaction that makes it true.
type Decided<C> = (<C as Command>::Output, Transaction<<C as Command>::Error>);

impl<C: Clock, R: Entropy> Store for DynamoStore<C, R> {
    async fn load<T: Send + 'static>(&self, reads: ReadSet<T>) -> Result<T, StoreError> {
        let loaded = self.fetch(reads.keys()).await?;
        Ok(reads.assemble(&loaded)?)
    }

    async fn execute<D: Command>(&self, command: D, cause: &CommandContext) -> ExecuteResult<D> {
        // Boxed, as a saga nests many of these: futures in futures are copied about, and fill the stack.
        Box::pin(self.attempt(command, cause, None)).await
    }

    async fn execute_on<D: Command>(
        &self,
        state: D::State,
        command: D,
        cause: &CommandContext,
    ) -> ExecuteResult<D> {
        Box::pin(self.attempt(command, cause, Some(state))).await
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

/// What a decision is made on.
struct DecisionInput<T> {
    state: T,
    /// The items that were read together, and yet not at one moment: a batch read may show one of them as it was before a
    /// commit and another as it was after. A commit finds out by its conditions; a refusal commits nothing, and is believed
    /// when two reads in a row have shown the same. `None`, where nothing can contradict anything.
    items: Option<LoadedItems>,
}

impl<T> DecisionInput<T> {
    /// By somebody who looks again by themselves when it is refused.
    const fn given(state: T) -> Self {
        Self { state, items: None }
    }
}

impl<C: Clock, R: Entropy> DynamoStore<C, R> {
    /// Decides and commits until it is committed, refused, or lost too often. `given` spares the first load.
    async fn attempt<D: Command>(
        &self,
        command: D,
        cause: &CommandContext,
        given: Option<D::State>,
    ) -> ExecuteResult<D> {
        let mut given = given.map(DecisionInput::given);
        let mut refused_on = None;
        let mut lost = 0;
        loop {
            let seen = match given.take() {
                Some(seen) => seen,
                None => match self.load_or_replay(&command, cause).await? {
                    Ok(seen) => seen,
                    Err(answer) => return Ok(Executed::Replayed(answer)),
                },
            };
            let race = match self.decide(&command, seen.state, cause) {
                Ok(decided) => match self.commit::<D>(decided, cause).await? {
                    Ok(done) => return Ok(done),
                    Err(race) => race,
                },
                Err(ExecuteError::Refused(refusal)) if seen.items == refused_on => {
                    return Err(ExecuteError::Refused(refusal));
                }
                Err(ExecuteError::Refused(_)) => {
                    let is_first = refused_on.is_none();
                    refused_on = seen.items;
                    if is_first {
                        continue;
                    }
                    ExecuteError::Contention
                }
                Err(error) => return Err(error),
            };
            lost += 1;
            let Some(delay) = CONFLICT_BACKOFF.delay(lost, &self.entropy) else { return Err(race) };
            self.clock.sleep(delay).await;
        }
    }

    /// Commits a decision, if it changes anything. The inner error: why it has to be made again.
    async fn commit<D: Command>(
        &self,
        (output, transaction): Decided<D>,
        cause: &CommandContext,
    ) -> Result<Result<Executed<D::Output>, ExecuteError<D::Error>>, ExecuteError<D::Error>> {
        if transaction.is_empty() {
            return Ok(Ok(Executed::Committed(output)));
        }
        Ok(match transaction.commit(|parcel| self.send(parcel)).await {
            Ok(()) => Ok(Executed::Committed(output)),
            Err(CommitError::Refused(refusal)) => return Err(ExecuteError::Refused(refusal)),
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::AlreadyDone(item)) => {
                self.replay(item, cause)?.map(Executed::Replayed).ok_or(ExecuteError::Contention)
            }
            Err(CommitError::InProgress) => Err(ExecuteError::InProgress),
            Err(CommitError::Conflict) => Err(ExecuteError::Contention),
        })
    }

    /// The state of a decision; or, as the inner error, the answer that the receipt shows was given before.
    async fn load_or_replay<D: Command>(
        &self,
        command: &D,
        cause: &CommandContext,
    ) -> Result<Result<DecisionInput<D::State>, D::Output>, ExecuteError<D::Error>> {
        let reads = command.reads();
        let receipt = cause.receipt.as_ref().map(receipt_key);
        let loaded = self.fetch(reads.keys().iter().chain(&receipt)).await?;
        if let Some(item) = receipt.as_ref().and_then(|key| loaded.item(key))
            && let Some(answer) = self.replay(item.clone(), cause)?
        {
            return Ok(Err(answer));
        }
        let state = reads.assemble(&loaded).map_err(StoreError::from)?;
        let is_one = reads.keys().len() + usize::from(receipt.is_some()) <= 1;
        Ok(Ok(DecisionInput { state, items: (!is_one).then_some(loaded) }))
    }

    fn replay<T: serde::de::DeserializeOwned, E>(
        &self,
        item: Item,
        cause: &CommandContext,
    ) -> Result<Option<T>, ExecuteError<E>> {
        match &cause.receipt {
            Some(receipt) => idempotency_records::answer(item, receipt, self.clock.now()),
            None => Ok(None),
        }
    }

    /// The decision on `state`, as a transaction that has not been sent.
    fn decide<D: Command>(
        &self,
        command: &D,
        state: D::State,
        cause: &CommandContext,
    ) -> Result<Decided<D>, ExecuteError<D::Error>> {
        let change = command.decide(state, cause.at).map_err(ExecuteError::Refused)?;
        let mut transaction = Transaction::new();
        let output = self.add(&mut transaction, change, cause)?;
        if transaction.len() > MAX_ITEMS {
            return Err(StoreError::Rejected("a change of more than 100 items".to_owned()).into());
        }
        Ok((output, transaction))
    }

    /// Adds all that a change writes to `transaction`: receipt, entities, events.
    fn add<T: serde::Serialize, E>(
        &self,
        transaction: &mut Transaction<E>,
        change: Change<T, E>,
        cause: &CommandContext,
    ) -> Result<T, StoreError> {
        let (output, writes, events) = change.into_parts()?;
        if let Some(receipt) = &cause.receipt {
            transaction.receipt(&self.table, receipt, &output, self.clock.now())?;
        }
        for write in writes {
            transaction.write(&self.table, write)?;
        }
        for event in &events {
            transaction.event(&self.table, event, cause)?;
        }
        Ok(output)
    }

    async fn fetch<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Result<LoadedItems, StoreError> {
        let chance = (&self.clock, &self.entropy);
        match &self.batches {
            Some(batches) => {
                let keys = keys.into_iter().cloned().collect();
                batches.load(&self.table, keys, chance).await
            }
            None => loader::load(&self.table, keys, Consistency::Strong, None, chance).await,
        }
    }

    async fn send(&self, parcel: TransactRequest) -> TransactResult {
        match &self.batches {
            Some(batches) => batches.commit(&self.table, parcel).await,
            None => parcel.send(&self.table).await,
        }
    }
}
