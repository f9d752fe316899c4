//! Jobs whose time has come.

use shared::domain::job::execution::release::ReleaseJob;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::job::JobReader;
use shared::repository::table_layout::partitions::DUE_JOB_SHARDS;

use crate::{PAGE, Sweeper};

impl<S: Store, Q: JobReader, R: EventRouter, G, C: Clock> Sweeper<S, Q, R, G, C> {
    /// Has the jobs run whose time has come; says how many those were. Reads only what is due.
    pub(crate) async fn release_jobs(
        &self,
        cause: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |shard| self.reader.due_jobs(shard, cause.at, PAGE);
        self.sweep_due(DUE_JOB_SHARDS, (cause, deadline), due, |id| ReleaseJob { id }).await
    }
}
