//! Creating a job.

use std::time::Duration;

use super::{Job, JobEvent, JobId, JobOutput, JobStatus, Priority};
use crate::domain::access::{AccessError, forbid_unless, require_permission};
use crate::domain::job::job_type::{DataExport, JobParams, Reindex, SalesReport};
use crate::domain::market::{Market, MarketId};
use crate::domain::values::actor::{Actor, Permission};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Maximum time by which a job can be scheduled ahead.
pub const MAX_SCHEDULE_AHEAD: Duration = Duration::from_hours(24 * 30);

/// Maximum number of jobs of an owner that are queued or running, so that one owner does not delay the jobs
/// of others for long.
pub const MAX_OPEN_JOBS: u32 = 50;

/// Creates a job.
#[expect(clippy::struct_excessive_bools, reason = "independent rights and options")]
#[derive(Debug, Clone, Copy)]
pub struct CreateJob {
    /// Id of the new job.
    pub id: JobId,
    /// Actor that creates the job.
    pub by: Actor,
    /// True if the actor may read the orders of all markets.
    pub reads_any: bool,
    /// True if the actor may rebuild projections.
    pub reindexes: bool,
    /// True if the actor may create jobs with a higher priority than that of their type.
    pub prioritizes: bool,
    /// Number of jobs of the actor that have not ended. It does not include the jobs of concurrent requests,
    /// whose number is bounded by the rate limit of writes.
    pub open_jobs: u64,
    /// Type and parameters of the job.
    pub work: RequestedWork,
    /// Priority; `None` for the priority of the type.
    pub priority: Option<Priority>,
    /// Scheduled time of the execution; `None` for the delay of the type.
    pub run_at: Option<Timestamp>,
    /// True if the owner receives an e-mail when the job ends.
    pub notify: bool,
}

/// Type and parameters of a requested job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedWork {
    /// A sales report of a market.
    SalesReport {
        /// Market whose sales are reported.
        market_id: MarketId,
        /// Start of the period (inclusive); `None` for no lower bound.
        from: Option<Timestamp>,
        /// End of the period (exclusive); `None` for the scheduled time, or now.
        to: Option<Timestamp>,
    },
    /// A rebuild of the search entries and totals of one market, or of everything.
    Reindex(Reindex),
    /// An export of all data of the actor's account.
    DataExport(DataExport),
}

/// Reason why a job cannot be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateJobError {
    /// The actor has no access to the market.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The scheduled time is in the past or too far ahead.
    #[error("must be in the future, and at most 30 days ahead")]
    InvalidRunAt,
    /// The period is empty.
    #[error("must be later than from")]
    InvalidPeriod,
    /// The owner has too many jobs that have not ended.
    #[error("at most {MAX_OPEN_JOBS} jobs can be queued or running: wait until one ends, or cancel one")]
    TooManyOpen,
}

impl Command for CreateJob {
    /// The market that the job refers to, if it refers to one.
    type State = Vec<Option<Market>>;
    type Output = Job;
    type Error = CreateJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get_all(self.work.market_id())
    }

    /// # Errors
    /// [`CreateJobError`].
    fn decide(
        &self,
        markets: Self::State,
        now: Timestamp,
    ) -> Result<Change<Job, CreateJobError>, CreateJobError> {
        self.authorize(markets.into_iter().flatten().next())?;
        if self.run_at.is_some_and(|at| at <= now || at > now.saturating_add(MAX_SCHEDULE_AHEAD)) {
            return Err(CreateJobError::InvalidRunAt);
        }
        let job = self.job(now)?;
        if job.priority == Priority::High && job.work.kind().policy().priority != Priority::High {
            require_permission(self.prioritizes, Permission::JobsPrioritize)?;
        }
        if self.open_jobs >= MAX_OPEN_JOBS.into() {
            return Err(CreateJobError::TooManyOpen);
        }
        let event = match job.request {
            Some(_) => JobEvent::Requested((&job).into()),
            None => JobEvent::Scheduled,
        };
        Ok(Change::of(job.clone()).save(&job, event))
    }
}

impl CreateJob {
    /// Checks that the actor may create a job of this type for this market.
    fn authorize(&self, market: Option<Market>) -> Result<(), AccessError> {
        match self.work {
            RequestedWork::SalesReport { market_id, .. } => {
                let visible = market.filter(|market| market.is_visible_to(Some(&self.by)) || self.reads_any);
                let market = visible.ok_or(AccessError::not_found(market_id))?;
                let permitted = market.is_owned_by(&self.by) || self.reads_any;
                forbid_unless(permitted, "only the owner of the market can create a sales report")
            }
            RequestedWork::Reindex(reindex) => {
                require_permission(self.reindexes, Permission::JobsReindex)?;
                match reindex.market_id.filter(|_| market.is_none()) {
                    Some(absent) => Err(AccessError::not_found(absent)),
                    None => Ok(()),
                }
            }
            RequestedWork::DataExport(_) => Ok(()),
        }
    }

    fn job(&self, now: Timestamp) -> Result<Job, CreateJobError> {
        let work = self.work.params(self.run_at.unwrap_or(now))?;
        let policy = work.kind().policy();
        let delayed_until = (!policy.delay.is_zero()).then(|| now.saturating_add(policy.delay));
        let run_at = self.run_at.or(delayed_until);
        Ok(Job {
            id: self.id,
            version: Version::FIRST,
            owner_id: self.by.user,
            work,
            priority: self.priority.unwrap_or(policy.priority),
            status: JobStatus::Queued,
            attempts: 0,
            output: JobOutput::default(),
            total: None,
            last_error: None,
            request: run_at.is_none().then_some(Version::FIRST),
            first_request: None,
            requested_at: run_at.is_none().then_some(now),
            resumed_at: None,
            resumed_by: None,
            run_at,
            notify: self.notify,
            stored_chunks: 0,
            created_at: now,
            updated_at: now,
            started_at: None,
            finished_at: None,
            expires_at: policy.retention.expires_at(run_at.unwrap_or(now)),
        })
    }
}

impl RequestedWork {
    /// Market that the job refers to.
    const fn market_id(&self) -> Option<&MarketId> {
        match self {
            Self::SalesReport { market_id, .. } => Some(market_id),
            Self::Reindex(reindex) => reindex.market_id.as_ref(),
            Self::DataExport(_) => None,
        }
    }

    /// Parameters of a job that starts at `start`.
    ///
    /// # Errors
    /// [`CreateJobError::InvalidPeriod`] if the period of a report is empty.
    fn params(self, start: Timestamp) -> Result<JobParams, CreateJobError> {
        match self {
            Self::SalesReport { market_id, from, to } => {
                let to = to.unwrap_or(start);
                let report = SalesReport { market_id, from, to };
                if report.period().is_empty() {
                    return Err(CreateJobError::InvalidPeriod);
                }
                Ok(JobParams::SalesReport(report))
            }
            Self::Reindex(reindex) => Ok(JobParams::Reindex(reindex)),
            Self::DataExport(export) => Ok(JobParams::DataExport(export)),
        }
    }
}

#[cfg(test)]
mod tests;
