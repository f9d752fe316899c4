//! Processes the due items of an index, shard by shard and page by page.

use std::future::Future;

use shared::kit::aws::dynamodb::read::query::Page;
use shared::kit::command::{Command, CommandContext, ExecuteError, Store, StoreError};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::table_layout::due_list::DueRequest;

use crate::{PAGE_SIZE, Sweeper};

impl<S: Store, R, G, C: Clock> Sweeper<S, R, G, C> {
    /// Executes a command for each due item and returns the number of commands committed. `due` reads a page.
    /// An item on which a command fails does not stop the others.
    pub(crate) async fn sweep_due<T, K, F>(
        &self,
        shards: u32,
        context: &CommandContext,
        deadline: Timestamp,
        due: impl Fn(DueRequest) -> F,
        command: impl Fn(T) -> K,
    ) -> Result<usize, StoreError>
    where
        K: Command,
        F: Future<Output = Result<Page<T>, StoreError>>,
    {
        let (mut executed, mut failure) = (0, None);
        for shard in 0..shards {
            let mut request = Some(DueRequest::first(shard, context.at, PAGE_SIZE));
            while let Some(current) = request.take().filter(|_| self.clock.now() < deadline) {
                let page = due(current.clone()).await?;
                for item in page.items {
                    match try_execute(&self.store, command(item), context).await {
                        Ok(committed) => executed += usize::from(committed),
                        // The request for this item is invalid; those for the others may be valid.
                        Err(error @ StoreError::Rejected(_)) => {
                            tracing::error!(%error, "failed to process a due item");
                            failure = Some(error);
                        }
                        Err(error) => return Err(error),
                    }
                }
                request = page.next.map(|next| DueRequest { after: Some(next), ..current });
            }
        }
        failure.map_or(Ok(executed), Err)
    }
}

/// Executes a command. Returns false if it was refused, because another instance was faster or nothing is left
/// to do, or if an item that it reads cannot be parsed, which is reported.
pub(crate) async fn try_execute<K: Command>(
    store: &impl Store,
    command: K,
    context: &CommandContext,
) -> Result<bool, StoreError> {
    match store.execute(command, context).await {
        Ok(_) => Ok(true),
        Err(ExecuteError::Store(StoreError::Malformed(malformed))) => {
            malformed.report();
            Ok(false)
        }
        Err(ExecuteError::Store(error)) => Err(error),
        Err(
            ExecuteError::Refused(_)
            | ExecuteError::KeyReused
            | ExecuteError::Contention
            | ExecuteError::InProgress,
        ) => Ok(false),
    }
}
