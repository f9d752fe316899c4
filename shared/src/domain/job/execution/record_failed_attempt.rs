//! Recording a failed attempt.

use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records the reason of a failed attempt. The job is queued for its next attempt and keeps its output.
#[derive(Debug, Clone, Copy)]
pub struct RecordFailedJobAttempt {
    /// Claim on the job.
    pub claim: JobClaim,
    /// User-facing description of the failure.
    pub reason: &'static str,
}

impl Command for RecordFailedJobAttempt {
    type State = Option<Job>;
    type Output = ();
    type Error = ClaimLost;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.claim.id)
    }

    /// # Errors
    /// [`ClaimLost`] if another worker has taken the job or it has ended.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), ClaimLost>, ClaimLost> {
        let last_error = Some(self.reason.to_owned());
        let queued =
            Job { status: JobStatus::Queued, last_error, ..Job::claimed(self.claim, job)?.next(now) };
        Ok(Change::of(()).save(&queued, JobEvent::AttemptFailed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::tests::running;
    use crate::domain::tests::{at, decide, third};

    #[test]
    fn job_is_queued_again_with_its_output() {
        let record = RecordFailedJobAttempt { claim: running().claim(), reason: "no connection" };
        let expected = Job {
            version: third().next(),
            status: JobStatus::Queued,
            last_error: Some("no connection".to_owned()),
            updated_at: at(1),
            ..running()
        };
        assert_eq!(decide(&record, Some(running()), at(1)).stored::<Job>(), expected);
    }
}
