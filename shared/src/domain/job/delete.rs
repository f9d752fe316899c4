//! Deleting a job with its output.

use std::convert::Infallible;

use super::event::RemainingOutput;
use super::output::chunk::{Chunk, ChunkKey};
use super::{Job, JobEvent, JobId};
use crate::domain::access::{AccessError, require_version};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Maximum number of chunks deleted in one transaction. A transaction has at most 100 items; the others are
/// the job, its event and an idempotency record.
pub const MAX_DELETED_CHUNKS: u32 = 90;

/// Deletes a job that has ended, with its output. If the output does not fit into the transaction, an event
/// requests the deletion of the remaining chunks, which can no longer be read.
#[derive(Debug, Clone)]
pub struct DeleteJob {
    /// Id of the job.
    pub id: JobId,
    /// User who deletes the job.
    pub by: UserId,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
}

/// Reason why a job cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteJobError {
    /// The actor has no access to the job.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The job has not ended.
    #[error("a queued or running job cannot be deleted; cancel it first")]
    NotEnded,
}

impl Command for DeleteJob {
    type State = Option<Job>;
    type Output = ();
    type Error = DeleteJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`DeleteJobError`].
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), DeleteJobError>, DeleteJobError> {
        let job = Job::of(self.by, self.id, job, now)?;
        require_version(self.id, job.version, self.expected.as_ref())?;
        if job.status.is_open() {
            return Err(DeleteJobError::NotEnded);
        }
        let chunks = job.stored_chunks.saturating_sub(MAX_DELETED_CHUNKS);
        let event = match chunks {
            0 => JobEvent::Deleted,
            _ => JobEvent::OutputDeletionRequested(RemainingOutput { job_id: job.id, chunks }),
        };
        let change = remove_chunks(Change::of(()), job.id, chunks, job.stored_chunks);
        Ok(change.delete_entity(&job.next(now), event))
    }
}

/// Deletes the last of the remaining chunks of a deleted job. The worker repeats the command until none
/// remain.
#[derive(Debug, Clone, Copy)]
pub struct DeleteRemainingOutput(
    /// Output to delete.
    pub RemainingOutput,
);

impl Command for DeleteRemainingOutput {
    type State = ();
    /// Number of chunks that are still left.
    type Output = u32;
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    /// Cannot be refused. Deleting a chunk again has no effect.
    fn decide(&self, (): (), _: Timestamp) -> Result<Change<u32, Infallible>, Infallible> {
        let Self(RemainingOutput { job_id, chunks }) = *self;
        let left = chunks.saturating_sub(MAX_DELETED_CHUNKS);
        Ok(remove_chunks(Change::of(left), job_id, left, chunks))
    }
}

/// Removes the chunks after number `after`, up to number `last`.
fn remove_chunks<T, E>(change: Change<T, E>, job: JobId, after: u32, last: u32) -> Change<T, E> {
    let keys = (after.saturating_add(1)..=last).map(|number| ChunkKey { job, number });
    keys.fold(change, |change, key| change.remove::<Chunk>(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobStatus;
    use crate::domain::job::tests::{WEEK, running};
    use crate::domain::tests::{STRANGER, at, decide, refusal, third};
    use crate::kit::command::{Condition, Operation, Record, Version};

    fn delete() -> DeleteJob {
        DeleteJob { id: running().id, by: running().owner_id, expected: Some(third().into()) }
    }

    fn ended(stored_chunks: u32) -> Job {
        Job { status: JobStatus::Failed, stored_chunks, ..running() }
    }

    /// Numbers of the chunks that the change deletes.
    fn deleted_chunks<T, E>(change: &Change<T, E>) -> Vec<u32> {
        let keys = (1..=300).filter(|number| {
            let key = Chunk::key(&ChunkKey { job: running().id, number: *number });
            change
                .writes()
                .iter()
                .any(|write| write.key == key && matches!(write.operation, Operation::Delete))
        });
        keys.collect()
    }

    #[test]
    fn ended_job_is_deleted_with_all_chunks_ever_stored() {
        for status in [JobStatus::Succeeded, JobStatus::Failed, JobStatus::Dead, JobStatus::Cancelled] {
            // The last execution has written one chunk, an earlier one three.
            let change = delete().decide(Some(Job { status, ..ended(3) }), at(1)).unwrap();
            assert_eq!(deleted_chunks(&change), [1, 2, 3]);
            let job = change.writes().iter().find(|write| write.key == Job::key(&running().id)).unwrap();
            assert_eq!(job.condition, Condition::AtVersion(third()));
            assert!(matches!(job.operation, Operation::Delete));
            assert_eq!(change.events().iter().map(|event| event.name).collect::<Vec<_>>(), ["job.deleted"]);
        }
    }

    #[test]
    fn chunks_beyond_one_transaction_are_deleted_on_request() {
        let change = delete().decide(Some(ended(200)), at(1)).unwrap();
        assert_eq!(deleted_chunks(&change), (111..=200).collect::<Vec<_>>());
        assert_eq!(change.events()[0].event["data"]["chunks"], 110);
        let mut left = 110;
        let mut deleted = Vec::new();
        while left > 0 {
            let rest = RemainingOutput { job_id: running().id, chunks: left };
            let change = DeleteRemainingOutput(rest).decide((), at(1)).unwrap();
            deleted.extend(deleted_chunks(&change));
            left = change.into_parts().unwrap().0;
        }
        deleted.sort_unstable();
        assert_eq!(deleted, (1..=110).collect::<Vec<_>>());
    }

    #[test]
    fn only_owner_deletes_an_ended_job_at_its_version() {
        for status in [JobStatus::Queued, JobStatus::Running] {
            let open = Job { status, ..running() };
            assert_eq!(refusal(&delete(), Some(open), at(1)), DeleteJobError::NotEnded);
        }
        let refused = |command: DeleteJob, job, millis| refusal(&command, job, at(millis));
        let not_found = DeleteJobError::from(AccessError::not_found(delete().id));
        assert_eq!(refused(delete(), None, 1), not_found);
        assert_eq!(refused(delete(), Some(ended(1)), WEEK), not_found);
        let by_another = DeleteJob { by: STRANGER.parse().unwrap(), ..delete() };
        assert_eq!(refused(by_another, Some(ended(1)), 1), not_found);
        let outdated = DeleteJob { expected: Some(Version::FIRST.into()), ..delete() };
        assert_eq!(
            refused(outdated, Some(ended(1)), 1),
            AccessError::VersionMismatch(delete().id.into()).into()
        );
        assert!(decide(&DeleteJob { expected: None, ..delete() }, Some(ended(1)), at(1)).events().is_empty());
    }
}
