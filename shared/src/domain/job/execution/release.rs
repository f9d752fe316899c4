//! Releasing a scheduled job.

use crate::domain::job::{Job, JobEvent, JobId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Requests the execution of a job whose scheduled time has come.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseJob {
    /// Id of the job.
    pub id: JobId,
}

/// The job does not exist, does not wait for its scheduled time, or is not due yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job is not due")]
pub struct NotDue;

impl Command for ReleaseJob {
    type State = Option<Job>;
    type Output = ();
    type Error = NotDue;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`NotDue`] if the job was cancelled or released meanwhile, or its scheduled time has not come.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), NotDue>, NotDue> {
        let is_due = |job: &Job| job.is_waiting() && job.run_at.is_some_and(|at| at <= now);
        let released = job.filter(is_due).ok_or(NotDue)?.requested(now);
        Ok(Change::of(()).save(&released, JobEvent::Requested((&released).into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobStatus;
    use crate::domain::job::tests::running;
    use crate::domain::tests::{at, decide, refusal, third};

    #[test]
    fn waiting_job_is_released_at_its_scheduled_time() {
        let release = ReleaseJob { id: running().id };
        let waiting = || Job { status: JobStatus::Queued, request: None, run_at: Some(at(5)), ..running() };
        for millis in [5, 6] {
            let released = decide(&release, Some(waiting()), at(millis));
            let expected = Job {
                version: third().next(),
                request: Some(third().next()),
                requested_at: Some(at(millis)),
                updated_at: at(millis),
                ..waiting()
            };
            assert_eq!(released.stored::<Job>(), expected);
            assert_eq!(released.events(), [("job.requested.high", expected.version)]);
        }
        assert_eq!(refusal(&release, Some(waiting()), at(4)), NotDue);
        let requested = Job { request: Some(third()), ..waiting() };
        let cancelled = Job { status: JobStatus::Cancelled, ..waiting() };
        for state in [None, Some(requested), Some(cancelled), Some(Job { run_at: None, ..waiting() })] {
            assert_eq!(refusal(&release, state, at(6)), NotDue);
        }
    }
}
