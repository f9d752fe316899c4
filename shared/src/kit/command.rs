//! Commands: every change of an entity follows one mechanism, **load, decide, commit once**.
//!
//! 1. **Load.** A [`Command`] declares its [`ReadSet`]. The [`Store`] reads these items together with the
//!    [`IdempotencyRecord`] of the request or message, in one batch read.
//! 2. **Decide.** [`Command::decide`] is a pure function of the loaded state and the time. It returns a
//!    [`Change`], a plain value: the next version of each entity, and the events that result.
//! 3. **Commit once.** One transaction writes the entities, each on the condition that its version is
//!    unchanged (optimistic locking); the events, into the outbox; and the idempotency record, on the
//!    condition that there is none yet.
//!
//! If another writer was faster, the store loads and decides again, a bounded number of times. If the request
//! was already processed, its stored output is returned ([`Executed::Replayed`]) and nothing is written.
//!
//! Calls to other services are never part of a commit: see [`saga`] and [`idempotency_lease`].

pub mod change;
pub mod event;
pub mod idempotency_lease;
pub mod idempotency_record;
pub mod page;
pub mod read_set;
pub mod record;
pub mod saga;
mod version;

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use change::{Adjustment, Change, Condition, Operation, Write};
pub use event::{Envelope, Event, EventId, ForwardedMessage, NoEvents, Routed, Routing, UncommittedEvent};
pub use idempotency_record::{CommandContext, CorrelationId, IdempotencyRecord};
pub use read_set::{LoadedItems, ReadSet};
pub use record::{Entity, IndexEntries, Item, Key, MalformedItem, Record};
pub use version::{Version, VersionSet};

use crate::kit::system::clock::Timestamp;

/// An operation that changes the state of the system.
pub trait Command: Send + Sync {
    /// State that the decision is based on.
    type State: Send + 'static;
    /// Output returned to the caller; stored in the idempotency record and replayed on retries.
    type Output: Serialize + DeserializeOwned + Send;
    /// Reasons of the domain to refuse the command.
    type Error: std::error::Error + Clone + Send + Sync + 'static;

    /// Returns the keys to load, and how to assemble the state from the items found.
    fn reads(&self) -> ReadSet<Self::State>;

    /// Decides what changes, from `state` and `now` alone: no I/O, no clock, no randomness. Called again with
    /// newly loaded state after a conflict with another writer.
    ///
    /// # Errors
    /// The command's error if it is refused.
    fn decide(
        &self,
        state: Self::State,
        now: Timestamp,
    ) -> Result<Change<Self::Output, Self::Error>, Self::Error>;
}

/// Outcome of a command that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executed<T> {
    /// The command was committed by this call.
    Committed(T),
    /// The command was committed before; this is the output stored in its idempotency record.
    Replayed(T),
}

impl<T> Executed<T> {
    /// Returns the output, new or replayed.
    pub fn into_output(self) -> T {
        match self {
            Self::Committed(output) | Self::Replayed(output) => output,
        }
    }

    /// Returns the output if this call committed the command.
    pub const fn committed(&self) -> Option<&T> {
        match self {
            Self::Committed(output) => Some(output),
            Self::Replayed(_) => None,
        }
    }

    /// Returns true if the output comes from the idempotency record.
    #[must_use]
    pub const fn is_replayed(&self) -> bool {
        matches!(self, Self::Replayed(_))
    }

    /// Transforms the output.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Executed<U> {
        match self {
            Self::Committed(output) => Executed::Committed(f(output)),
            Self::Replayed(output) => Executed::Replayed(f(output)),
        }
    }
}

/// Reason why a command was not executed by this call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ExecuteError<E> {
    /// The domain refused the command.
    #[error(transparent)]
    Refused(E),
    /// The idempotency key was used before, for a request with different content.
    #[error("the idempotency key was used for a different request")]
    KeyReused,
    /// Every one of the bounded attempts conflicted with another writer of the same entities.
    #[error("too many conflicts with other writers of the same entities")]
    Contention,
    /// The same request, with the same idempotency key, was being committed during the last of the bounded
    /// attempts.
    #[error("a request with the same idempotency key is in progress")]
    InProgress,
    /// The table did not respond, or an item is malformed. The command may have been committed all the same.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> ExecuteError<E> {
    /// Converts the error of the domain.
    pub fn map_refusal<F>(self, convert: impl FnOnce(E) -> F) -> ExecuteError<F> {
        match self {
            Self::Refused(error) => ExecuteError::Refused(convert(error)),
            Self::KeyReused => ExecuteError::KeyReused,
            Self::Contention => ExecuteError::Contention,
            Self::InProgress => ExecuteError::InProgress,
            Self::Store(error) => ExecuteError::Store(error),
        }
    }
}

/// Failure of the table or of the connection to it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The table throttles requests. A retry may succeed later.
    #[error("the table throttles requests")]
    Throttled,
    /// No response, or a server error. A retry may succeed later.
    #[error("the table did not respond: {0}")]
    Unavailable(&'static str),
    /// The table rejected the request. A retry would fail again.
    #[error("the table rejected the request: {0}")]
    Rejected(String),
    /// A stored item cannot be parsed.
    #[error(transparent)]
    Malformed(#[from] MalformedItem),
}

/// Result of executing the command `C`.
pub type ExecuteResult<C> = Result<Executed<<C as Command>::Output>, ExecuteError<<C as Command>::Error>>;

/// Executes commands: one load and one transaction per attempt, as described in the [module
/// documentation](self).
pub trait Store: Clone + Send + Sync + 'static {
    /// Loads the state of a decision with a strongly consistent read.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond or an item is malformed.
    fn load<T: Send + 'static>(
        &self,
        reads: ReadSet<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;

    /// Loads the command's state and the idempotency record of `context`, decides, and commits once.
    ///
    /// # Errors
    /// - [`ExecuteError::Refused`] if the command refuses, in its decision or by the condition of an item
    ///   that it writes.
    /// - [`ExecuteError::KeyReused`] if the idempotency record has a different fingerprint.
    /// - [`ExecuteError::Contention`] after a bounded number of conflicts, or [`ExecuteError::InProgress`] if
    ///   the last conflict was with the same request.
    /// - [`ExecuteError::Store`] for every other failure.
    fn execute<C: Command>(
        &self,
        command: C,
        context: &CommandContext,
    ) -> impl Future<Output = ExecuteResult<C>> + Send;

    /// Like [`execute`](Self::execute), but decides first on `state`, which the caller has just loaded. The
    /// versions still guard the commit, so stale state costs one more attempt and cannot corrupt anything.
    ///
    /// # Errors
    /// See [`execute`](Self::execute).
    fn execute_on<C: Command>(
        &self,
        state: C::State,
        command: C,
        context: &CommandContext,
    ) -> impl Future<Output = ExecuteResult<C>> + Send;
}
