//! Asking for a job.

use std::time::Duration;

use super::{Job, JobEvent, JobId, JobOutput, JobStatus, Priority};
use crate::domain::job::job_type::{JobParams, SalesReport};
use crate::domain::job::output::retention::Retention;
use crate::domain::market::{Market, MarketId};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// How far ahead a job can be asked for.
pub const MAX_SCHEDULE_AHEAD: Duration = Duration::from_hours(24 * 30);

/// Asks for a report of what a market sold.
#[derive(Debug, Clone, Copy)]
pub struct CreateJob {
    /// The new job's id.
    pub id: JobId,
    /// Who asks.
    pub by: Actor,
    /// Whether that is somebody who may read any order.
    pub reads_any: bool,
    /// What each market sold.
    pub market_id: MarketId,
    /// Orders that were placed then or later.
    pub from: Option<Timestamp>,
    /// Orders that were placed before; before the job is run, if `None`.
    pub to: Option<Timestamp>,
    /// Whether it waits behind others.
    pub priority: Priority,
    /// When it is to be run, if not at once.
    pub run_at: Option<Timestamp>,
    /// How long it is kept.
    pub retention: Retention,
}

/// Why there is no such job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestJobError {
    /// There is no such market, for all that the actor may know.
    #[error("there is no such market")]
    NotFound,
    /// The market is somebody else's.
    #[error("only who runs the market has its sales reported")]
    NotTheSeller,
    /// The time is not one that a job can be asked for.
    #[error("must be in the future, and at most 30 days ahead")]
    InvalidRunAt,
    /// No moment is in the period.
    #[error("must be later than from")]
    InvalidPeriod,
}

impl Command for CreateJob {
    type State = Option<Market>;
    type Output = Job;
    type Error = RequestJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.market_id)
    }

    /// # Errors
    /// [`RequestJobError`].
    fn decide(
        &self,
        market: Self::State,
        now: Timestamp,
    ) -> Result<Change<Job, RequestJobError>, RequestJobError> {
        let seen = market.filter(|market| market.is_visible_to(Some(&self.by)) || self.reads_any);
        let market = seen.ok_or(RequestJobError::NotFound)?;
        if !market.is_owned_by(&self.by) && !self.reads_any {
            return Err(RequestJobError::NotTheSeller);
        }
        if self.run_at.is_some_and(|at| at <= now || at > now.saturating_add(MAX_SCHEDULE_AHEAD)) {
            return Err(RequestJobError::InvalidRunAt);
        }
        let to = self.to.or(self.run_at).unwrap_or(now);
        if self.from.is_some_and(|from| from >= to) {
            return Err(RequestJobError::InvalidPeriod);
        }
        let job = self.job(to, now);
        let event = match job.request {
            Some(_) => JobEvent::Requested((&job).into()),
            None => JobEvent::Scheduled,
        };
        Ok(Change::of(job.clone()).save(&job, event))
    }
}

impl CreateJob {
    fn job(&self, to: Timestamp, now: Timestamp) -> Job {
        Job {
            id: self.id,
            version: Version::FIRST,
            owner_id: self.by.user,
            work: JobParams::SalesReport(SalesReport { market_id: self.market_id, from: self.from, to }),
            priority: self.priority,
            status: JobStatus::Queued,
            attempts: 0,
            written: JobOutput::default(),
            total: None,
            last_error: None,
            request: self.run_at.is_none().then_some(Version::FIRST),
            woken_by: None,
            run_at: self.run_at,
            retention: self.retention,
            created_at: now,
            updated_at: now,
            started_at: None,
            finished_at: None,
            expires_at: self.retention.expires_at(self.run_at.unwrap_or(now)),
        }
    }
}
