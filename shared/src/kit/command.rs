//! The one way anything is written: **load, decide, commit once**.
//!
//! A [`Command`] names what it [reads](Reads), decides without any I/O, and returns a [`Change`]: the next
//! entities on the versions they were decided on, and the events that they cause. A [`Store`] carries it out:
//! one batch read of the state and the [`Receipt`], the decision, one transaction with the entities, the events
//! and the receipt. Nothing else writes.

pub mod change;
pub mod event;
pub mod idempotency_lease;
pub mod idempotency_record;
pub mod page;
pub mod read_set;
pub mod record;
pub mod saga;

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use change::{Adjustment, Change, Condition, Operation, Write};
pub use event::{Envelope, Event, EventId, ForwardedMessage, NoEvents, Routed};
pub use idempotency_record::{CommandContext, CorrelationId, IdempotencyRecord};
pub use read_set::{LoadedItems, ReadSet};
pub use record::{Entity, IndexEntries, Item, Key, MalformedItem, Record, Version};

use crate::kit::system::clock::Timestamp;

/// Something that may be done to the state of the system.
pub trait Command: Send + Sync {
    /// What the decision needs to know.
    type State: Send + 'static;
    /// What the caller is told when it is done; kept with the receipt, to be told again.
    type Output: Serialize + DeserializeOwned + Send;
    /// Why it may be refused.
    type Error: std::error::Error + Clone + Send + Sync + 'static;

    /// Names what the decision needs to know.
    fn reads(&self) -> ReadSet<Self::State>;

    /// Decides, from `state` alone, what changes. Called again with fresh state if someone else was faster.
    ///
    /// # Errors
    /// The command's own reasons to refuse.
    fn decide(
        &self,
        state: Self::State,
        now: Timestamp,
    ) -> Result<Change<Self::Output, Self::Error>, Self::Error>;
}

/// How a command ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executed<T> {
    /// It was done now.
    Committed(T),
    /// The receipt shows that it was done before; this is what was said then.
    Replayed(T),
}

impl<T> Executed<T> {
    /// What the command said, now or then.
    pub fn into_output(self) -> T {
        match self {
            Self::Committed(output) | Self::Replayed(output) => output,
        }
    }

    /// What the command said, if it was done now.
    pub const fn committed(&self) -> Option<&T> {
        match self {
            Self::Committed(output) => Some(output),
            Self::Replayed(_) => None,
        }
    }

    /// Whether the answer comes from the receipt.
    #[must_use]
    pub const fn is_replayed(&self) -> bool {
        matches!(self, Self::Replayed(_))
    }

    /// The same ending with another output.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Executed<U> {
        match self {
            Self::Committed(output) => Executed::Committed(f(output)),
            Self::Replayed(output) => Executed::Replayed(f(output)),
        }
    }
}

/// How a command ended without being done. Nothing of it was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ExecuteError<E> {
    /// The domain refused it.
    #[error(transparent)]
    Refused(E),
    /// The receipt's key was used before, for a request with other content.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// Others kept changing the same entities, in every one of the bounded attempts.
    #[error("others kept changing the same entities")]
    Contention,
    /// The same request, under the same key, was being committed in every one of the bounded attempts.
    #[error("the same request is being worked on")]
    InProgress,
    /// The table did not answer, or answered with something unreadable. The outcome may be unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> ExecuteError<E> {
    /// The same ending, with the domain's refusal in other words.
    pub fn map_refusal<F>(self, f: impl FnOnce(E) -> F) -> ExecuteError<F> {
        match self {
            Self::Refused(refusal) => ExecuteError::Refused(f(refusal)),
            Self::KeyReused => ExecuteError::KeyReused,
            Self::Contention => ExecuteError::Contention,
            Self::InProgress => ExecuteError::InProgress,
            Self::Store(error) => ExecuteError::Store(error),
        }
    }
}

/// A failure below the domain.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Too many requests for the table; worth another attempt later.
    #[error("the table throttles requests")]
    Throttled,
    /// No answer, or a server's error; worth another attempt later.
    #[error("the table did not answer: {0}")]
    Unavailable(&'static str),
    /// The table refused the request itself, which another attempt will not change.
    #[error("the table refused the request: {0}")]
    Rejected(String),
    /// A stored item that does not read as what it should be.
    #[error(transparent)]
    Malformed(#[from] MalformedItem),
}

/// How a command ended.
pub type ExecuteResult<C> = Result<Executed<<C as Command>::Output>, ExecuteError<<C as Command>::Error>>;

/// Carries out commands. Implementations hold to the contract of the module: one read, one transaction.
pub trait Store: Clone + Send + Sync + 'static {
    /// Loads what a decision needs to know, as it is at this moment.
    ///
    /// # Errors
    /// Implementations return [`StoreError`] when the table does not answer or an item does not read.
    fn load<T: Send + 'static>(
        &self,
        reads: ReadSet<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;

    /// Loads the command's state together with the receipt, decides, and commits once.
    ///
    /// # Errors
    /// Implementations return [`ExecuteError::Refused`] exactly for what the command refuses (in its decision or
    /// by the condition of an item it wrote), [`ExecuteError::KeyReused`] for a receipt with another fingerprint,
    /// [`ExecuteError::Contention`] after a bounded number of lost races ([`ExecuteError::InProgress`] if the last was lost
    /// to the same request), and [`ExecuteError::Store`] otherwise.
    fn execute<C: Command>(
        &self,
        command: C,
        cause: &CommandContext,
    ) -> impl Future<Output = ExecuteResult<C>> + Send;

    /// As [`execute`](Self::execute), but the first decision is made on `state`, which the caller has just seen:
    /// the versions still guard the commit, so stale state costs an attempt and never an effect.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    fn execute_on<C: Command>(
        &self,
        state: C::State,
        command: C,
        cause: &CommandContext,
    ) -> impl Future<Output = ExecuteResult<C>> + Send;
}
