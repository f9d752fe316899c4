//! Recording a dead message, and with it that the job is dead whose message it was.

use crate::domain::job::{Job, JobEvent, JobRequest, JobStatus};
use crate::kit::command::{Change, Command, EventId, ReadSet};
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::DeadLetter;
use crate::messaging::dead_letter::record::{RecordDeadLetter, RecordError, saved};

/// Records a dead message. If it asked for a job, the job is dead in the same commit: there is no other way to become so,
/// and so it holds whoever gave up on the message, and however its consumer died.
#[derive(Debug, Clone)]
pub struct MarkJobDead {
    /// The message.
    pub letter: RecordDeadLetter,
    /// The job that it asked for, if it did.
    pub job: Option<JobRequest>,
}

impl Command for MarkJobDead {
    type State = (<RecordDeadLetter as Command>::State, Vec<Option<Job>>);
    type Output = ();
    type Error = RecordError;

    fn reads(&self) -> ReadSet<Self::State> {
        self.letter.reads().and(ReadSet::get_all(self.job.as_ref().map(|job| &job.id)))
    }

    /// A dead message can always be recorded. A job that has come to its end, or that was asked for once more, is not
    /// touched by it.
    fn decide(
        &self,
        (known, jobs): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), RecordError>, RecordError> {
        let letter = self.letter.recorded(known, now);
        let change = saved(&letter);
        let asked = |job: &Job| job.request == self.job.map(|asked| asked.version) && job.status.is_open();
        Ok(match jobs.into_iter().flatten().find(asked) {
            Some(job) => change.save(&died_with(job, &letter, now), JobEvent::Died),
            None => change,
        })
    }
}

/// The job, once its message became this letter.
fn died_with(job: Job, letter: &DeadLetter, now: Timestamp) -> Job {
    let redrive = EventId::of(&letter.id.to_string(), letter.version.next());
    Job {
        last_error: Some(letter.reason.clone()),
        woken_by: Some(redrive),
        ..job.ending(JobStatus::Dead, now)
    }
}
