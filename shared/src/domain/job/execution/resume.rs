//! Resuming an unfinished job that has stopped, for example because its message was lost.

use crate::domain::job::{Job, JobEvent, JobId};
use crate::domain::values::stall::{is_stalled, next_examination};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Requests the execution of a job again. The first message that arrives starts the job, and the others have
/// no effect, so a job that waits in a long queue keeps its place.
#[derive(Debug, Clone, Copy)]
pub struct ResumeJob {
    /// Id of the job.
    pub id: JobId,
}

/// The job does not exist, has ended, waits for its scheduled time, or has not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job has not stopped")]
pub struct NotStalled;

impl Job {
    /// Time at which the sweeper examines the job; `None` if it has ended or waits for its scheduled time.
    #[must_use]
    pub fn examined_at(&self) -> Option<Timestamp> {
        let is_requested = self.status.is_open() && !self.is_waiting();
        let begun = self.requested_at.unwrap_or(self.created_at);
        is_requested.then(|| next_examination(begun, self.resumed_at))
    }
}

impl Command for ResumeJob {
    type State = Option<Job>;
    type Output = ();
    type Error = NotStalled;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`NotStalled`].
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), NotStalled>, NotStalled> {
        let has_stopped = |job: &Job| {
            let is_due = job.examined_at().is_some_and(|at| at <= now);
            is_due && is_stalled(job.updated_at, now) && !job.is_expired(now)
        };
        let job = job.filter(has_stopped).ok_or(NotStalled)?;
        let (requested_at, first_request) = (job.requested_at, job.first_request.or(job.request));
        let resumed = Job { requested_at, first_request, resumed_at: Some(now), ..job.requested(now) };
        Ok(Change::of(()).save(&resumed, JobEvent::Requested((&resumed).into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobStatus;
    use crate::domain::job::tests::running;
    use crate::domain::tests::{at, decide, refusal, third};
    use crate::kit::command::Version;

    const MINUTE: i64 = 60_000;

    #[test]
    fn job_that_stopped_is_requested_again() {
        let resume = ResumeJob { id: running().id };
        let queued = Job { status: JobStatus::Queued, ..running() };
        for job in [running(), queued] {
            assert_eq!(refusal(&resume, Some(job.clone()), at(15 * MINUTE - 1)), NotStalled);
            let resumed = decide(&resume, Some(job.clone()), at(15 * MINUTE));
            let expected = Job {
                version: third().next(),
                status: JobStatus::Queued,
                request: Some(third().next()),
                first_request: Some(Version::FIRST),
                resumed_at: Some(at(15 * MINUTE)),
                updated_at: at(15 * MINUTE),
                ..job
            };
            assert_eq!(resumed.stored::<Job>(), expected);
            assert_eq!(resumed.events(), [("job.requested.high", expected.version)]);
            assert_eq!(expected.examined_at(), Some(at(30 * MINUTE)));
            let retried = Job { requested_at: Some(at(60 * MINUTE)), resumed_at: None, ..expected };
            assert_eq!(retried.examined_at(), Some(at(75 * MINUTE)));
        }
    }

    #[test]
    fn running_waiting_and_ended_jobs_are_not_resumed() {
        let resume = ResumeJob { id: running().id };
        let active = Job { updated_at: at(10 * MINUTE), ..running() };
        assert_eq!(refusal(&resume, Some(active), at(24 * MINUTE)), NotStalled);
        let waiting = Job { status: JobStatus::Queued, request: None, run_at: Some(at(5)), ..running() };
        assert_eq!(waiting.examined_at(), None);
        for status in [JobStatus::Succeeded, JobStatus::Failed, JobStatus::Dead, JobStatus::Cancelled] {
            assert_eq!(Job { status, ..running() }.examined_at(), None);
        }
        assert_eq!(refusal(&resume, None, at(99 * MINUTE)), NotStalled);
        let expired = Job { request: Some(Version::FIRST), expires_at: at(MINUTE), ..running() };
        assert_eq!(refusal(&resume, Some(expired), at(99 * MINUTE)), NotStalled);
    }
}
