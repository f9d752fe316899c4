//! Processes the due items of an index, shard by shard and page by page.

use std::future::Future;

use shared::kit::command::{Command, CommandContext, ExecuteError, Store, StoreError};
use shared::kit::system::clock::{Clock, Timestamp};

use crate::{PAGE_SIZE, Sweeper};

impl<S: Store, R, G, C: Clock> Sweeper<S, R, G, C> {
    /// Executes a command for each due item and returns the number of commands committed. `due` reads a page
    /// of a shard.
    pub(crate) async fn sweep_due<T, K, F>(
        &self,
        shards: u32,
        context: &CommandContext,
        deadline: Timestamp,
        due: impl Fn(u32) -> F,
        command: impl Fn(T) -> K,
    ) -> Result<usize, StoreError>
    where
        K: Command,
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let mut executed = 0;
        for shard in 0..shards {
            while self.clock.now() < deadline {
                let page = due(shard).await?;
                let (length, mut progress) = (page.len(), 0);
                for item in page {
                    progress += usize::from(try_execute(&self.store, command(item), context).await?);
                }
                executed += progress;
                // A full page without progress means that the index lags behind the table; the next tick
                // continues.
                if length < PAGE_SIZE as usize || progress == 0 {
                    break;
                }
            }
        }
        Ok(executed)
    }
}

/// Executes a command. Returns false if it was refused: another instance was faster, or nothing is left to
/// do.
pub(crate) async fn try_execute<K: Command>(
    store: &impl Store,
    command: K,
    context: &CommandContext,
) -> Result<bool, StoreError> {
    match store.execute(command, context).await {
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
