//! Executes a job page by page: each page is processed and then committed together with the position of the
//! next.

use std::time::Duration;

use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::fail::{FailJob, JobRefusal};
use shared::domain::job::job_type::JobParams;
use shared::domain::job::{ClaimLost, Job, JobClaim};
use shared::domain::market::Market;
use shared::domain::user::User;
use shared::kit::command::{CommandContext, ExecuteError, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::repository::table_layout::sorted_list::ListError;
use shared::search::Embedder;

use crate::Reports;

/// Result of a time slice.
pub(crate) enum Progress {
    /// The job has ended.
    Ended,
    /// There are more pages.
    Unfinished,
}

/// Reason why a time slice stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Another worker has claimed the job, or it was cancelled.
    ClaimLost,
    /// The attempt failed, with a user-facing message.
    Failed(&'static str),
    /// The circuit breaker of the model is open. The job continues after this time; the attempt has not
    /// failed.
    Delayed(Duration),
}

/// User-facing message if the table is unavailable.
pub(crate) const TABLE_UNAVAILABLE: &str = "the table did not respond";

impl<S: Store, E: Embedder, C: Clock> Reports<S, E, C> {
    /// Processes pages until the time slice ends. `job` is the last committed state.
    pub(crate) async fn process_pages(
        &self,
        job: &mut Job,
        context: &CommandContext,
    ) -> Result<Progress, StopReason> {
        let until = self.clock.now().saturating_add(self.time_slice.0);
        let market = job.work.market_id();
        let reads =
            ReadSet::<Vec<Option<Market>>>::get_all(&market).and(ReadSet::<Option<User>>::get(&job.owner_id));
        let (markets, owner) = self.store.load(reads).await?;
        let market = markets.into_iter().flatten().next();
        if let Err(refusal) = JobRefusal::of(&job.work, market.as_ref(), owner.as_ref()) {
            return self.refuse(job.claim(), refusal, context).await;
        }
        loop {
            let page = self.next_page(job, context).await?;
            let is_last = page.is_last;
            let context = context.at(self.clock.now());
            // The claimed job is passed in, so that the command needs no read.
            *job = self.store.execute_on(Some(job.clone()), page, &context).await?.into_output();
            if is_last {
                return Ok(Progress::Ended);
            } else if self.clock.now() >= until {
                return Ok(Progress::Unfinished);
            }
        }
    }

    async fn next_page(&self, job: &Job, context: &CommandContext) -> Result<AdvanceJob, StopReason> {
        match &job.work {
            JobParams::SalesReport(report) => self.report_page(report, job).await,
            JobParams::Reindex(reindex) => {
                self.reindex_page(reindex, job, &context.at(self.clock.now())).await
            }
            JobParams::DataExport(_) => self.export_page(job).await,
        }
    }

    async fn refuse(
        &self,
        held: JobClaim,
        refusal: JobRefusal,
        context: &CommandContext,
    ) -> Result<Progress, StopReason> {
        let refuse = FailJob { claim: held, refusal };
        self.store.execute(refuse, &context.at(self.clock.now())).await?;
        Ok(Progress::Ended)
    }
}

impl From<StoreError> for StopReason {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "failed to load or store the job");
        Self::Failed(TABLE_UNAVAILABLE)
    }
}

impl From<ListError> for StopReason {
    fn from(error: ListError) -> Self {
        tracing::warn!(%error, "failed to read the input of the job");
        Self::Failed(TABLE_UNAVAILABLE)
    }
}

impl From<ExecuteError<ClaimLost>> for StopReason {
    fn from(error: ExecuteError<ClaimLost>) -> Self {
        match error {
            ExecuteError::Refused(ClaimLost) => Self::ClaimLost,
            ExecuteError::Store(error) => error.into(),
            ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
                Self::Failed("too many concurrent changes to the job")
            }
        }
    }
}
