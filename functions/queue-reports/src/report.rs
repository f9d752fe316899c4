//! Gets on with a report: each page is read, written and committed with the place where the next begins.

use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::fail::{FailJob, ReportRefusal};
use shared::domain::job::job_type::SalesReport;
use shared::domain::job::{ClaimLost, Job, JobClaim};
use shared::domain::market::Market;
use shared::domain::user::User;
use shared::kit::command::{CommandContext, ExecuteError, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::repository::order::market_orders::MarketOrdersReader;
use shared::repository::table_layout::sorted_list::ListError;

use crate::consumer::{NO_ANSWER, Progress, StopReason};
use crate::{Reports, csv};

impl<S: Store, Q: MarketOrdersReader, C: Clock> Reports<S, Q, C> {
    /// Works for a stretch; `job` is as it was committed last.
    pub(crate) async fn report(
        &self,
        report: &SalesReport,
        job: &mut Job,
        cause: &CommandContext,
    ) -> Result<Progress, StopReason> {
        let until = self.clock.now().saturating_add(self.stretch.0);
        let reads = ReadSet::<Option<Market>>::get(&report.market_id)
            .and(ReadSet::<Option<User>>::get(&job.owner_id));
        let (market, owner) = self.store.load(reads).await?;
        if let Err(refusal) = ReportRefusal::of(market.as_ref(), owner.as_ref()) {
            return self.refuse(job.held(), refusal, cause).await;
        }
        let total = match job.total {
            Some(total) => total,
            None => self.reader.count_orders(report).await?,
        };
        loop {
            let page = self.next_page(report, job, total).await?;
            let is_last = page.is_last;
            let cause = cause.at(self.clock.now());
            // The page follows from the job as it is held: nothing has to be read once more to decide on it.
            *job = self.store.execute_on(Some(job.clone()), page, &cause).await?.into_output();
            if is_last {
                return Ok(Progress::Ended);
            } else if self.clock.now() >= until {
                return Ok(Progress::Unfinished);
            }
        }
    }

    async fn next_page(&self, report: &SalesReport, job: &Job, total: u64) -> Result<AdvanceJob, StopReason> {
        let sold = self.reader.sold(report, job.written.after, self.page.0).await?;
        let text = csv::text(&sold.orders, job.written.chunks == 0);
        Ok(AdvanceJob {
            held: job.held(),
            text: text.map_err(|_| StopReason::Failed("the rows cannot be written"))?,
            rows: u64::try_from(sold.orders.len()).unwrap_or(u64::MAX),
            after: sold.orders.last().map(|order| order.id),
            total,
            is_last: sold.is_last,
        })
    }

    async fn refuse(
        &self,
        held: JobClaim,
        refusal: ReportRefusal,
        cause: &CommandContext,
    ) -> Result<Progress, StopReason> {
        let refuse = FailJob { held, refusal };
        self.store.execute(refuse, &cause.at(self.clock.now())).await?;
        Ok(Progress::Ended)
    }
}

impl From<StoreError> for StopReason {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the table failed");
        Self::Failed(NO_ANSWER)
    }
}

impl From<ListError> for StopReason {
    fn from(error: ListError) -> Self {
        tracing::warn!(%error, "the orders could not be read");
        Self::Failed(NO_ANSWER)
    }
}

impl From<ExecuteError<ClaimLost>> for StopReason {
    fn from(error: ExecuteError<ClaimLost>) -> Self {
        match error {
            ExecuteError::Refused(ClaimLost) => Self::Overtaken,
            ExecuteError::Store(error) => error.into(),
            ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
                Self::Failed("others kept changing the job")
            }
        }
    }
}
