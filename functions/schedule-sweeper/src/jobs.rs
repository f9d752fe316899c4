//! Jobs whose time has come.

use shared::clock::{Clock, Timestamp};
use shared::command::{Cause, ExecuteError, Store, StoreError};
use shared::domain::job::JobId;
use shared::domain::job::release::ReleaseJob;
use shared::relay::Routes;
use shared::repository::job::JobReader;
use shared::repository::listing::DUE_JOB_SHARDS;

use crate::{PAGE, Sweeper};

impl<S: Store, Q: JobReader, R: Routes, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Has the jobs run whose time has come; says how many those were. Reads only what is due.
    pub(crate) async fn release_jobs(&self, cause: &Cause, deadline: Timestamp) -> Result<usize, StoreError> {
        let mut released = 0;
        for shard in 0..DUE_JOB_SHARDS {
            while self.clock.now() < deadline {
                let due = self.reader.due_jobs(shard, cause.at, PAGE).await?;
                let mut progress = 0;
                for job in &due {
                    progress += usize::from(self.release(*job, cause).await?);
                }
                released += progress;
                // A full page that did not shrink shows the index a moment behind the table: the next tick goes on.
                if due.len() < PAGE as usize || progress == 0 {
                    break;
                }
            }
        }
        Ok(released)
    }

    /// Whether the job was released; not so if it was cancelled, or released by another tick.
    async fn release(&self, id: JobId, cause: &Cause) -> Result<bool, StoreError> {
        match self.store.execute(ReleaseJob { id }, cause).await {
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
}
