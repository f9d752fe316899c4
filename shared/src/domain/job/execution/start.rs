//! Starting or resuming a job.

use crate::domain::job::{Job, JobEvent, JobRequest, JobStatus};
use crate::kit::command::{Change, Command, EventId, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Starts a requested job, or resumes it if another worker has stopped or may have stopped.
#[derive(Debug, Clone)]
pub struct StartJob {
    /// Request that the message identifies.
    pub request: JobRequest,
    /// Receive count of the message, including this delivery.
    pub delivery: u32,
    /// Redrive that sent the message, if it was redriven.
    pub redrive: Option<EventId>,
}

/// Reason why the message has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartJobError {
    /// The job does not exist or has expired.
    #[error("job not found or expired")]
    NotFound,
    /// Another request supersedes this one: a later one, or one that has started the job.
    #[error("the request was superseded by another one")]
    Superseded,
    /// The job has already ended.
    #[error("the job has already ended")]
    AlreadyEnded,
    /// The message was delivered more often than the job's type allows.
    #[error("all delivery attempts failed")]
    AttemptsExhausted,
}

impl Command for StartJob {
    type State = Option<Job>;
    type Output = Job;
    type Error = StartJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.request.id)
    }

    /// A running job can be taken over, because it is unknown whether its worker still runs. If it does, its
    /// next commit fails with [`ClaimLost`](crate::domain::job::ClaimLost).
    ///
    /// # Errors
    /// [`StartJobError`].
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<Job, StartJobError>, StartJobError> {
        let job = job.filter(|job| !job.is_expired(now)).ok_or(StartJobError::NotFound)?;
        if !job.can_be_started_by(self.request.version) {
            return Err(StartJobError::Superseded);
        }
        let previous_attempts = match job.status {
            JobStatus::Queued | JobStatus::Running => job.attempts,
            JobStatus::Dead if job.resumed_by.is_some() && job.resumed_by == self.redrive => 0,
            _ => return Err(StartJobError::AlreadyEnded),
        };
        if self.delivery > job.policy().max_attempts {
            return Err(StartJobError::AttemptsExhausted);
        }
        // If no output is written yet, the retention period starts now, because all output is still to come.
        let expires_at = if job.output.chunks == 0 { job.expiry_from(now) } else { job.expires_at };
        let started = Job {
            status: JobStatus::Running,
            attempts: previous_attempts.max(self.delivery),
            request: Some(self.request.version),
            first_request: None,
            resumed_by: None,
            started_at: job.started_at.or(Some(now)),
            finished_at: None,
            expires_at,
            ..job.next(now)
        };
        Ok(Change::of(started.clone()).save(&started, JobEvent::Started))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobOutput;
    use crate::domain::job::tests::{WEEK, running};
    use crate::domain::tests::{at, decide, refusal, third};
    use crate::kit::command::Version;

    fn start(delivery: u32) -> StartJob {
        let request = JobRequest { id: running().id, version: Version::FIRST };
        StartJob { request, delivery, redrive: None }
    }

    #[test]
    fn first_start_sets_start_and_expiry() {
        let queued = Job {
            status: JobStatus::Queued,
            attempts: 0,
            output: JobOutput::default(),
            started_at: None,
            ..running()
        };
        let started = decide(&start(1), Some(queued), at(5));
        let expected = Job {
            version: third().next(),
            attempts: 1,
            output: JobOutput::default(),
            updated_at: at(5),
            started_at: Some(at(5)),
            expires_at: at(WEEK + 5),
            ..running()
        };
        assert_eq!((started.stored(), &started.output), (expected.clone(), &expected));
    }

    #[test]
    fn takeover_keeps_output_start_and_expiry() {
        for (delivery, attempts) in [(1, 2), (3, 3)] {
            let started = decide(&start(delivery), Some(running()), at(5));
            let expected = Job { version: third().next(), attempts, updated_at: at(5), ..running() };
            assert_eq!(started.stored::<Job>(), expected);
        }
    }

    #[test]
    fn first_message_of_a_repeated_request_starts_the_job() {
        let (first, second) = (third(), third().next());
        let later = second.next();
        let repeated =
            Job { status: JobStatus::Queued, request: Some(second), first_request: Some(first), ..running() };
        let start = |version| StartJob { request: JobRequest { version, ..start(1).request }, ..start(1) };
        for (version, other) in [(first, second), (second, first)] {
            let started = decide(&start(version), Some(repeated.clone()), at(5)).output;
            assert_eq!((started.request, started.first_request), (Some(version), None));
            decide(&start(version), Some(started.clone()), at(6));
            assert_eq!(refusal(&start(other), Some(started), at(6)), StartJobError::Superseded);
        }
        for version in [Version::FIRST, later] {
            assert_eq!(refusal(&start(version), Some(repeated.clone()), at(5)), StartJobError::Superseded);
        }
    }

    #[test]
    fn redrive_resumes_a_dead_job() {
        let redrive = Some(EventId::of("dlq", Version::FIRST));
        let dead = || Job {
            status: JobStatus::Dead,
            resumed_by: redrive.clone(),
            finished_at: Some(at(0)),
            ..running()
        };
        let resume = StartJob { redrive: redrive.clone(), ..start(1) };
        let expected = Job { version: third().next(), attempts: 1, updated_at: at(5), ..running() };
        assert_eq!(decide(&resume, Some(dead()), at(5)).stored::<Job>(), expected);
        for redrive in [None, Some(EventId::of("dlq", third()))] {
            let other = StartJob { redrive, ..start(1) };
            assert_eq!(refusal(&other, Some(dead()), at(5)), StartJobError::AlreadyEnded);
        }
    }

    #[test]
    fn message_has_as_many_deliveries_as_its_type_allows() {
        let last = running().policy().max_attempts;
        assert_eq!(decide(&start(last), Some(running()), at(5)).output.attempts, last);
        let exhausted = StartJobError::AttemptsExhausted;
        assert_eq!(refusal(&start(last + 1), Some(running()), at(5)), exhausted);
        let succeeded = Job { status: JobStatus::Succeeded, ..running() };
        assert_eq!(refusal(&start(last + 1), Some(succeeded), at(5)), StartJobError::AlreadyEnded);
    }

    #[test]
    fn expired_superseded_and_ended_jobs_are_not_started() {
        let refused = |job, millis| refusal(&start(1), job, at(millis));
        assert_eq!(refused(None, 5), StartJobError::NotFound);
        assert_eq!(refused(Some(running()), WEEK), StartJobError::NotFound);
        let superseded = Job { request: Some(third()), ..running() };
        assert_eq!(refused(Some(superseded), 5), StartJobError::Superseded);
        for status in [JobStatus::Succeeded, JobStatus::Failed, JobStatus::Dead, JobStatus::Cancelled] {
            assert_eq!(refused(Some(Job { status, ..running() }), 5), StartJobError::AlreadyEnded);
        }
        assert!(start(1).decide(Some(running()), at(WEEK - 1)).is_ok());
    }
}
