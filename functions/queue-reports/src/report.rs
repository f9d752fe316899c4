//! Writes a report: reads, formats and commits each page together with the cursor of the next page.

use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::fail::{FailJob, ReportRefusal};
use shared::domain::job::job_type::SalesReport;
use shared::domain::job::{ClaimLost, Job, JobClaim};
use shared::domain::market::Market;
use shared::domain::user::User;
use shared::kit::command::{CommandContext, ExecuteError, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::repository::table_layout::sorted_list::ListError;

use crate::consumer::{Progress, StopReason, TABLE_UNAVAILABLE};
use crate::{Reports, csv};

impl<S: Store, C: Clock> Reports<S, C> {
    /// Writes pages until the time slice ends. `job` is the last committed state.
    pub(crate) async fn report(
        &self,
        report: &SalesReport,
        job: &mut Job,
        context: &CommandContext,
    ) -> Result<Progress, StopReason> {
        let until = self.clock.now().saturating_add(self.time_slice.0);
        let reads = ReadSet::<Option<Market>>::get(&report.market_id)
            .and(ReadSet::<Option<User>>::get(&job.owner_id));
        let (market, owner) = self.store.load(reads).await?;
        if let Err(refusal) = ReportRefusal::of(market.as_ref(), owner.as_ref()) {
            return self.refuse(job.claim(), refusal, context).await;
        }
        let total = match job.total {
            Some(total) => total,
            None => self.reader.count_orders(report).await?,
        };
        loop {
            let page = self.next_page(report, job, total).await?;
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

    async fn next_page(&self, report: &SalesReport, job: &Job, total: u64) -> Result<AdvanceJob, StopReason> {
        let page = self.reader.report_orders(report, job.output.after, self.page_size.0).await?;
        let text = csv::format_rows(&page.orders, job.output.chunks == 0);
        Ok(AdvanceJob {
            claim: job.claim(),
            text: text.map_err(|_| StopReason::Failed("the rows cannot be formatted"))?,
            rows: u64::try_from(page.orders.len()).unwrap_or(u64::MAX),
            after: page.orders.last().map(|order| order.id),
            total,
            is_last: page.is_last,
        })
    }

    async fn refuse(
        &self,
        held: JobClaim,
        refusal: ReportRefusal,
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
        tracing::warn!(%error, "failed to read the orders");
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
