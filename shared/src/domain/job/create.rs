//! Creating a job.

use std::time::Duration;

use super::{Job, JobEvent, JobId, JobOutput, JobStatus, Priority};
use crate::domain::access::{AccessError, forbid_unless};
use crate::domain::job::job_type::{JobParams, SalesReport};
use crate::domain::job::output::retention::Retention;
use crate::domain::market::{Market, MarketId};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Maximum time by which a job can be scheduled ahead.
pub const MAX_SCHEDULE_AHEAD: Duration = Duration::from_hours(24 * 30);

/// Creates a job that reports the sales of a market.
#[derive(Debug, Clone, Copy)]
pub struct CreateJob {
    /// Id of the new job.
    pub id: JobId,
    /// Actor that creates the job.
    pub by: Actor,
    /// True if the actor may read the orders of all markets.
    pub reads_any: bool,
    /// Market whose sales are reported.
    pub market_id: MarketId,
    /// Start of the period (inclusive); `None` for no lower bound.
    pub from: Option<Timestamp>,
    /// End of the period (exclusive); `None` for the scheduled time, or now.
    pub to: Option<Timestamp>,
    /// Priority, which selects the queue.
    pub priority: Priority,
    /// Scheduled time of the execution; `None` to execute at once.
    pub run_at: Option<Timestamp>,
    /// Retention period of the job and its output.
    pub retention: Retention,
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
}

impl Command for CreateJob {
    type State = Option<Market>;
    type Output = Job;
    type Error = CreateJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.market_id)
    }

    /// # Errors
    /// [`CreateJobError`].
    fn decide(
        &self,
        market: Self::State,
        now: Timestamp,
    ) -> Result<Change<Job, CreateJobError>, CreateJobError> {
        let visible = market.filter(|market| market.is_visible_to(Some(&self.by)) || self.reads_any);
        let market = visible.ok_or(AccessError::not_found(self.market_id))?;
        let permitted = market.is_owned_by(&self.by) || self.reads_any;
        forbid_unless(permitted, "only the owner of the market can create a sales report")?;
        if self.run_at.is_some_and(|at| at <= now || at > now.saturating_add(MAX_SCHEDULE_AHEAD)) {
            return Err(CreateJobError::InvalidRunAt);
        }
        let to = self.to.or(self.run_at).unwrap_or(now);
        if self.from.is_some_and(|from| from >= to) {
            return Err(CreateJobError::InvalidPeriod);
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
            output: JobOutput::default(),
            total: None,
            last_error: None,
            request: self.run_at.is_none().then_some(Version::FIRST),
            resumed_by: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobEventData;
    use crate::domain::job::tests::WEEK;
    use crate::domain::market::MarketStatus;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, market, moderator, refusal};

    const MONTH: i64 = 30 * 24 * 60 * 60 * 1_000;

    fn create(by: &str) -> CreateJob {
        CreateJob {
            id: "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            by: actor(by),
            reads_any: false,
            market_id: market().id,
            from: Some(at(-5)),
            to: None,
            priority: Priority::High,
            run_at: None,
            retention: "7".parse().unwrap(),
        }
    }

    fn created(to: Timestamp) -> Job {
        Job {
            id: create(SELLER).id,
            version: Version::FIRST,
            owner_id: SELLER.parse().unwrap(),
            work: JobParams::SalesReport(SalesReport { market_id: market().id, from: Some(at(-5)), to }),
            priority: Priority::High,
            status: JobStatus::Queued,
            attempts: 0,
            output: JobOutput::default(),
            total: None,
            last_error: None,
            request: Some(Version::FIRST),
            resumed_by: None,
            run_at: None,
            retention: "7".parse().unwrap(),
            created_at: at(0),
            updated_at: at(0),
            started_at: None,
            finished_at: None,
            expires_at: at(WEEK),
        }
    }

    #[test]
    fn job_is_requested_at_once_or_scheduled() {
        let requested = decide(&create(SELLER), Some(market()), at(0));
        assert_eq!((requested.stored(), &requested.output), (created(at(0)), &created(at(0))));
        assert_eq!(requested.events(), [("job.requested.high", Version::FIRST)]);
        let data = &requested.events[0].event["data"];
        assert_eq!(data, &serde_json::to_value(JobEventData::from(&created(at(0)))).unwrap());

        for millis in [1, MONTH] {
            let command = CreateJob { run_at: Some(at(millis)), ..create(SELLER) };
            let scheduled = decide(&command, Some(market()), at(0));
            let expected = Job {
                request: None,
                run_at: Some(at(millis)),
                expires_at: at(millis + WEEK),
                ..created(at(millis))
            };
            assert_eq!(scheduled.stored::<Job>(), expected);
            assert!(expected.is_waiting() && scheduled.events.is_empty());
        }
    }

    #[test]
    fn scheduled_time_is_in_the_next_30_days() {
        for millis in [-1, 0, MONTH + 1] {
            let command = CreateJob { run_at: Some(at(millis)), ..create(SELLER) };
            assert_eq!(refusal(&command, Some(market()), at(0)), CreateJobError::InvalidRunAt);
        }
    }

    #[test]
    fn period_is_not_empty() {
        let with = |from, to| CreateJob { from: Some(at(from)), to, ..create(SELLER) };
        for command in [with(0, None), with(3, Some(at(3))), with(4, Some(at(3)))] {
            assert_eq!(refusal(&command, Some(market()), at(0)), CreateJobError::InvalidPeriod);
        }
        let shortest = decide(&with(-5, Some(at(-4))), Some(market()), at(0));
        assert_eq!(shortest.output, created(at(-4)));
    }

    #[test]
    fn only_creator_and_moderators_report_on_a_market() {
        let by_moderator = CreateJob { by: moderator(), reads_any: true, ..create(STRANGER) };
        let draft = || Some(Market { status: MarketStatus::Draft, ..market() });
        assert_eq!(refusal(&create(SELLER), None, at(0)), AccessError::not_found(market().id).into());
        assert_eq!(refusal(&create(STRANGER), draft(), at(0)), AccessError::not_found(market().id).into());
        let forbidden = AccessError::Forbidden("only the owner of the market can create a sales report");
        assert_eq!(refusal(&create(STRANGER), Some(market()), at(0)), forbidden.into());
        for command in [create(SELLER), by_moderator] {
            assert_eq!(decide(&command, draft(), at(0)).output.owner_id, command.by.user);
        }
    }
}
