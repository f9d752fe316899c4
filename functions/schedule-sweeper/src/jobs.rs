//! Releases scheduled jobs.

use shared::domain::job::execution::release::ReleaseJob;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::repository::table_layout::partitions::DUE_JOB_SHARDS;

use crate::Sweeper;

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Releases due jobs and returns their number.
    pub(crate) async fn release_jobs(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |request| self.reader.due_jobs(request);
        self.sweep_due(DUE_JOB_SHARDS, context, deadline, due, |id| ReleaseJob { id }).await
    }
}
