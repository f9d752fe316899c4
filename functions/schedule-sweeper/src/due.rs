//! What falls due in the shards of an index: read page by page, and done one by one.

use std::future::Future;

use shared::kit::command::{Command, CommandContext, ExecuteError, Store, StoreError};
use shared::kit::system::clock::{Clock, Timestamp};

use crate::{PAGE, Sweeper};

impl<S: Store, Q, R, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Carries out the command of each thing that is due; says how many that were. `due` reads a page of a shard.
    pub(crate) async fn sweep_due<T, K, F>(
        &self,
        shards: u32,
        (cause, deadline): (&CommandContext, Timestamp),
        due: impl Fn(u32) -> F,
        command: impl Fn(T) -> K,
    ) -> Result<usize, StoreError>
    where
        K: Command,
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let mut done = 0;
        for shard in 0..shards {
            while self.clock.now() < deadline {
                let page = due(shard).await?;
                let (length, mut progress) = (page.len(), 0);
                for thing in page {
                    progress += usize::from(is_done(&self.store, command(thing), cause).await?);
                }
                done += progress;
                // A full page that did not shrink shows the index a moment behind the table: the next tick goes on.
                if length < PAGE as usize || progress == 0 {
                    break;
                }
            }
        }
        Ok(done)
    }
}

/// Whether the command was carried out; it is not if somebody else came first, or there is nothing to be done any more.
pub(crate) async fn is_done<K: Command>(
    store: &impl Store,
    command: K,
    cause: &CommandContext,
) -> Result<bool, StoreError> {
    match store.execute(command, cause).await {
        Ok(_) => Ok(true),
        Err(ExecuteError::Store(error)) => Err(error),
        Err(
            ExecuteError::Refused(_)
            | ExecuteError::KeyReused
            | ExecuteError::Contention
            | ExecuteError::InProgress,
        ) => Ok(false),
    }
}
