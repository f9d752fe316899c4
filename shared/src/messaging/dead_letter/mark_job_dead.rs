//! Records a dead letter and marks its job dead in the same transaction.

use std::convert::Infallible;

use crate::domain::job::{Job, JobEvent, JobRequest, JobStatus};
use crate::kit::command::{Change, Command, EventId, ReadSet};
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::DeadLetter;
use crate::messaging::dead_letter::record::{RecordDeadLetter, saved};

/// Records a dead letter. If its message requested the execution of a job, the job is marked dead in the same
/// transaction. No other command marks a job dead, so this covers every cause of a dead letter.
#[derive(Debug, Clone)]
pub struct MarkJobDead {
    /// Dead letter to record.
    pub record: RecordDeadLetter,
    /// Execution request contained in the message, if it is a job message.
    pub job: Option<JobRequest>,
}

impl Command for MarkJobDead {
    type State = (<RecordDeadLetter as Command>::State, Vec<Option<Job>>);
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        self.record.reads().and(ReadSet::get_all(self.job.as_ref().map(|job| &job.id)))
    }

    /// Cannot be refused. A job that has ended, or whose current request is another one, is not changed.
    fn decide(
        &self,
        (known, jobs): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), Infallible>, Infallible> {
        let dead_letter = self.record.recorded(known, now);
        let change = saved(&dead_letter);
        let is_requested =
            |job: &Job| job.request == self.job.map(|request| request.version) && job.status.is_open();
        Ok(match jobs.into_iter().flatten().find(is_requested) {
            Some(job) => {
                let dead = marked_dead(job, &dead_letter, now);
                let event = JobEvent::Died((&dead).into());
                change.save(&dead, event)
            }
            None => change,
        })
    }
}

/// Marks a job dead whose message became the given dead letter.
fn marked_dead(job: Job, dead_letter: &DeadLetter, now: Timestamp) -> Job {
    let redrive = EventId::of(&dead_letter.id.to_string(), dead_letter.version.next());
    Job {
        last_error: Some(dead_letter.reason.clone()),
        resumed_by: Some(redrive),
        ..job.ended(JobStatus::Dead, now)
    }
}
