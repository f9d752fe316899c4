//! Writing output of a running job.

use crate::domain::job::output::chunk::{Chunk, ChunkKey};
use crate::domain::job::output::cursor::JobCursor;
use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobOutput, JobStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Stores a chunk of output and advances the job in one transaction.
#[derive(Debug, Clone)]
pub struct AdvanceJob {
    /// Claim on the job.
    pub claim: JobClaim,
    /// Text of the chunk. An empty text creates no chunk.
    pub text: String,
    /// Number of rows in the chunk.
    pub rows: u64,
    /// Position in the input that the chunk reaches; `None` if it is unchanged.
    pub cursor: Option<JobCursor>,
    /// Expected total number of rows; `None` if it is unknown.
    pub total: Option<u64>,
    /// True for the last chunk.
    pub is_last: bool,
}

impl Command for AdvanceJob {
    type State = Option<Job>;
    type Output = Job;
    type Error = ClaimLost;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.claim.id)
    }

    /// # Errors
    /// [`ClaimLost`] if another worker has taken the job or it has ended.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<Job, ClaimLost>, ClaimLost> {
        let job = Job::claimed(self.claim, job)?;
        let chunks_before = job.output.chunks;
        let output = self.added_to(&job.output);
        let total = self.total.map(|total| total.max(output.rows));
        let total = if self.is_last { Some(output.rows) } else { total.or(job.total) };
        let stored_chunks = job.stored_chunks.max(output.chunks);
        let advanced = Job { output, total, stored_chunks, last_error: None, ..job.next(now) };
        let (next, event) = if self.is_last {
            let end = JobEvent::Succeeded((&advanced).into());
            (advanced_to_end(advanced, now), end)
        } else {
            (advanced, JobEvent::Advanced)
        };
        let change = Change::of(next.clone()).save(&next, event);
        if next.output.chunks == chunks_before {
            return Ok(change);
        }
        let key = ChunkKey { job: next.id, number: next.output.chunks };
        Ok(change.put_until(&key, &Chunk { text: self.text.clone() }, next.expires_at))
    }
}

fn advanced_to_end(job: Job, now: Timestamp) -> Job {
    Job { status: JobStatus::Succeeded, finished_at: Some(now), ..job }
}

impl AdvanceJob {
    fn added_to(&self, written: &JobOutput) -> JobOutput {
        JobOutput {
            rows: written.rows.saturating_add(self.rows),
            bytes: written.bytes.saturating_add(u64::try_from(self.text.len()).unwrap_or(u64::MAX)),
            chunks: written.chunks.saturating_add(u32::from(!self.text.is_empty())),
            cursor: self.cursor.clone().or_else(|| written.cursor.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::tests::{WEEK, order_cursor, running};
    use crate::domain::tests::{at, decide, refusal, third};
    use crate::kit::command::{Operation, Version};

    fn page(text: &str, rows: u64, is_last: bool) -> AdvanceJob {
        let cursor = (rows > 0).then(|| order_cursor(5));
        AdvanceJob { claim: running().claim(), text: text.to_owned(), rows, cursor, total: Some(9), is_last }
    }

    #[test]
    fn page_is_stored_with_the_progress() {
        let advanced = decide(&page("4\n5\n", 2, false), Some(running()), at(1));
        let expected = Job {
            version: third().next(),
            output: JobOutput { rows: 5, bytes: 10, chunks: 2, cursor: Some(order_cursor(5)) },
            stored_chunks: 2,
            total: Some(9),
            last_error: None,
            updated_at: at(1),
            ..running()
        };
        assert_eq!((advanced.stored(), &advanced.output), (expected.clone(), &expected));
        assert_eq!(advanced.stored::<Chunk>(), Chunk { text: "4\n5\n".to_owned() });
        let chunk = advanced.write::<Chunk>(&ChunkKey { job: running().id, number: 2 });
        let Operation::Put { expires_at, .. } = &chunk.operation else { panic!("expected a chunk") };
        assert_eq!(*expires_at, Some(at(WEEK)));
    }

    #[test]
    fn last_page_completes_the_job() {
        let completed = decide(&page("", 0, true), Some(running()), at(1));
        let expected = Job {
            version: third().next(),
            status: JobStatus::Succeeded,
            total: Some(3),
            last_error: None,
            updated_at: at(1),
            finished_at: Some(at(1)),
            ..running()
        };
        assert_eq!((completed.stored(), completed.writes.len()), (expected, 1));
    }

    #[test]
    fn lost_claim_stores_nothing() {
        let outdated = JobClaim { version: Version::FIRST, ..running().claim() };
        let queued = Job { status: JobStatus::Queued, ..running() };
        for (claim, job) in
            [(outdated, Some(running())), (running().claim(), Some(queued)), (running().claim(), None)]
        {
            assert_eq!(refusal(&AdvanceJob { claim, ..page("4\n", 1, false) }, job, at(1)), ClaimLost);
        }
    }
}
