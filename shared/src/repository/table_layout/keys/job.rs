//! Keys and lists of jobs and their output.

use super::key;
use crate::domain::job::output::chunk::{Chunk, ChunkKey};
use crate::domain::job::{Job, JobEvent, JobId};
use crate::kit::command::{Entity, IndexEntries, Key, Record, Version};
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::partitions;

record!(Job, "job", |id: JobId| format!("job#{id}"), "job");
record!(Chunk, "job-chunk", |at: ChunkKey| Job::key(&at.job).pk, format!("chunk#{:010}", at.number));

impl Entity for Job {
    type Event = JobEvent;

    fn id(&self) -> &JobId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn index_entries(&self) -> IndexEntries {
        let of_status = (partitions::jobs_in(self.owner_id, self.status), self.id.to_string());
        let of_owner = (partitions::jobs_of(self.owner_id), self.id.to_string());
        let scheduled_at = self.run_at.filter(|_| self.is_waiting());
        let due =
            scheduled_at.map(|at| (partitions::due_jobs(partitions::due_job_shard(self.id)), at.to_string()));
        IndexEntries { by_parent: Some(of_status), by_owner: Some(of_owner), due, ..IndexEntries::default() }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
