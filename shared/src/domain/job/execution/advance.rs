//! Writing output of a running job.

use crate::domain::job::output::chunk::{Chunk, ChunkKey};
use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobOutput, JobStatus};
use crate::domain::order::OrderId;
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
    /// Last order contained in the chunk.
    pub after: Option<OrderId>,
    /// Expected total number of rows.
    pub total: u64,
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
        let written = self.added_to(job.output);
        let total = if self.is_last { written.rows } else { self.total.max(written.rows) };
        let advanced = Job { output: written, total: Some(total), last_error: None, ..job.clone().next(now) };
        let (next, event) = if self.is_last {
            (advanced_to_end(advanced, now), JobEvent::Succeeded)
        } else {
            (advanced, JobEvent::Advanced)
        };
        let change = Change::of(next.clone()).save(&next, event);
        if written.chunks == job.output.chunks {
            return Ok(change);
        }
        let key = ChunkKey { job: job.id, number: written.chunks };
        Ok(change.put_until(&key, &Chunk { text: self.text.clone() }, next.expires_at))
    }
}

fn advanced_to_end(job: Job, now: Timestamp) -> Job {
    Job { status: JobStatus::Succeeded, finished_at: Some(now), ..job }
}

impl AdvanceJob {
    fn added_to(&self, written: JobOutput) -> JobOutput {
        JobOutput {
            rows: written.rows.saturating_add(self.rows),
            bytes: written.bytes.saturating_add(u64::try_from(self.text.len()).unwrap_or(u64::MAX)),
            chunks: written.chunks.saturating_add(u32::from(!self.text.is_empty())),
            after: self.after.or(written.after),
        }
    }
}
