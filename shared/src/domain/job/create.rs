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

/// Creates a job.
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
mod tests {
    use super::*;
    use crate::domain::job::JobEventData;
    use crate::domain::job::job_type::JobType;
    use crate::domain::job::tests::WEEK;
    use crate::domain::market::MarketStatus;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, market, moderator, refusal};

    const MONTH: i64 = 30 * 24 * 60 * 60 * 1_000;

    fn create(by: &str) -> CreateJob {
        CreateJob {
            id: "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            by: actor(by),
            reads_any: false,
            reindexes: false,
            work: report(-5, None),
            priority: Some(Priority::High),
            run_at: None,
            notify: false,
        }
    }

    fn report(from: i64, to: Option<Timestamp>) -> RequestedWork {
        RequestedWork::SalesReport { market_id: market().id, from: Some(at(from)), to }
    }

    /// State of a command that refers to the market.
    fn a_market() -> Vec<Option<Market>> {
        vec![Some(market())]
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
            requested_at: Some(at(0)),
            resumed_at: None,
            resumed_by: None,
            run_at: None,
            notify: false,
            stored_chunks: 0,
            created_at: at(0),
            updated_at: at(0),
            started_at: None,
            finished_at: None,
            expires_at: at(WEEK),
        }
    }

    #[test]
    fn job_is_requested_at_once_or_scheduled() {
        let requested = decide(&create(SELLER), a_market(), at(0));
        assert_eq!((requested.stored(), &requested.output), (created(at(0)), &created(at(0))));
        assert_eq!(requested.events(), [("job.requested.high", Version::FIRST)]);
        let data = &requested.events[0].event["data"];
        assert_eq!(data, &serde_json::to_value(JobEventData::from(&created(at(0)))).unwrap());

        for millis in [1, MONTH] {
            let command = CreateJob { run_at: Some(at(millis)), ..create(SELLER) };
            let scheduled = decide(&command, a_market(), at(0));
            let expected = Job {
                request: None,
                requested_at: None,
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
            assert_eq!(refusal(&command, a_market(), at(0)), CreateJobError::InvalidRunAt);
        }
    }

    #[test]
    fn period_is_not_empty() {
        let with = |from, to| CreateJob { work: report(from, to), ..create(SELLER) };
        for command in [with(0, None), with(3, Some(at(3))), with(4, Some(at(3)))] {
            assert_eq!(refusal(&command, a_market(), at(0)), CreateJobError::InvalidPeriod);
        }
        let shortest = decide(&with(-5, Some(at(-4))), a_market(), at(0));
        assert_eq!(shortest.output, created(at(-4)));
    }

    #[test]
    fn only_creator_and_moderators_report_on_a_market() {
        let by_moderator = CreateJob { by: moderator(), reads_any: true, ..create(STRANGER) };
        let draft = || vec![Some(Market { status: MarketStatus::Draft, ..market() })];
        assert_eq!(refusal(&create(SELLER), vec![None], at(0)), AccessError::not_found(market().id).into());
        assert_eq!(refusal(&create(STRANGER), draft(), at(0)), AccessError::not_found(market().id).into());
        let forbidden = AccessError::Forbidden("only the owner of the market can create a sales report");
        assert_eq!(refusal(&create(STRANGER), a_market(), at(0)), forbidden.into());
        for command in [create(SELLER), by_moderator] {
            assert_eq!(decide(&command, draft(), at(0)).output.owner_id, command.by.user);
        }
    }

    /// Job of the seller that the request creates.
    fn of_type(work: RequestedWork, state: Vec<Option<Market>>) -> Job {
        let request = CreateJob { work, reindexes: true, priority: None, ..create(SELLER) };
        decide(&request, state, at(0)).output
    }

    #[test]
    fn policy_of_the_type_sets_delay_priority_and_retention() {
        let (everything, export) = (Reindex { market_id: None }, DataExport {});
        for (job, job_type) in [
            (of_type(report(-5, None), a_market()), JobType::SalesReport),
            (of_type(RequestedWork::Reindex(everything), Vec::new()), JobType::Reindex),
            (of_type(RequestedWork::DataExport(export), Vec::new()), JobType::DataExport),
        ] {
            let policy = job_type.policy();
            assert_eq!((job.work.kind(), job.priority), (job_type, policy.priority));
            let start = at(0).saturating_add(policy.delay);
            assert_eq!(job.run_at, (start > at(0)).then_some(start), "{job_type}");
            assert_eq!(job.is_waiting(), job.run_at.is_some());
            assert_eq!(job.expires_at, policy.retention.expires_at(start), "{job_type}");
        }
        let scheduled = CreateJob { run_at: Some(at(1)), reindexes: true, ..create(SELLER) };
        let scheduled = CreateJob { work: RequestedWork::Reindex(everything), ..scheduled };
        assert_eq!(decide(&scheduled, Vec::new(), at(0)).output.run_at, Some(at(1)));
    }

    #[test]
    fn reindex_requires_the_permission_and_an_existing_market() {
        let reindex = |market_id, reindexes| {
            let work = RequestedWork::Reindex(Reindex { market_id });
            CreateJob { reindexes, work, ..create(SELLER) }
        };
        let market_id = Some(market().id);
        let forbidden = AccessError::MissingPermission(Permission::JobsReindex);
        assert_eq!(refusal(&reindex(market_id, false), a_market(), at(0)), forbidden.into());
        assert_eq!(refusal(&reindex(None, false), Vec::new(), at(0)), forbidden.into());
        assert_eq!(
            refusal(&reindex(market_id, true), vec![None], at(0)),
            AccessError::not_found(market().id).into()
        );
        let created = decide(&reindex(market_id, true), a_market(), at(0)).output;
        assert_eq!(created.work, JobParams::Reindex(Reindex { market_id }));
    }
}
