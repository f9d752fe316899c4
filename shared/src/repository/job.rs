//! Reading jobs and what they have written.

use std::future::Future;

use crate::domain::job::output::chunk::{Chunk, ChunkKey};
use crate::domain::job::{Job, JobId, JobStatus};
use crate::domain::user::UserId;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, ReadSet, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// Which jobs, in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobList {
    /// Whose.
    pub owner: UserId,
    /// Those of this status; of any, if `None`.
    pub status: Option<JobStatus>,
    /// The newest first.
    pub descending: bool,
}

/// How many jobs of somebody are counted; a longer list says that it has so many.
pub const COUNT_CAP: u32 = 10_000;

/// What can be asked about jobs. Implementations return [`StoreError`] when the table does not answer, and nothing else: an
/// absent job is `None`. What was to be gone by `now` is absent, though the table may not have forgotten it.
pub trait JobReader: Clone + Send + Sync + 'static {
    /// The job, if there is one.
    fn job(&self, id: JobId, now: Timestamp) -> impl Future<Output = Result<Option<Job>, StoreError>> + Send;

    /// A slice of a list of jobs. What is gone is read on the way and left out, up to a bound, as in any list that is
    /// narrowed.
    fn jobs(
        &self,
        list: JobList,
        now: Timestamp,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<Job>, ListError>> + Send;

    /// How many jobs the list has, up to [`MAX_COUNTED`]. They are counted when somebody asks: of what is forgotten in its
    /// time, nobody hears.
    fn count_jobs(
        &self,
        list: JobList,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// These chunks as of now, in one request for up to 100; the absent ones as `None`.
    fn chunks(
        &self,
        places: &[ChunkKey],
    ) -> impl Future<Output = Result<Vec<Option<Chunk>>, StoreError>> + Send;

    /// Up to `limit` jobs of one shard whose time came before `now`, the longest overdue first. Only what is due is read.
    fn due_jobs(
        &self,
        shard: u32,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<JobId>, StoreError>> + Send;
}

impl JobList {
    fn query(self, now: Timestamp) -> Query {
        let (index, partition) = match self.status {
            None => (Index::ByOwner, partitions::jobs_of(self.owner)),
            Some(status) => (Index::ByParent, partitions::jobs_in(self.owner, status)),
        };
        let query =
            Query::index(index, partition, 1).filter(Predicate::greater("expiresAt", now.to_string()));
        if self.descending { query.descending() } else { query }
    }
}

impl JobReader for DynamoReader {
    async fn job(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let job: Option<Job> = self.get(ReadSet::get(&id), Consistency::Eventual).await?;
        Ok(job.filter(|job| !job.is_gone(now)))
    }

    async fn jobs(
        &self,
        list: JobList,
        now: Timestamp,
        slice: &PageRequest,
    ) -> Result<ListPage<Job>, ListError> {
        Ok(self.slice(&[list.query(now)], slice).await?)
    }

    async fn count_jobs(&self, list: JobList, now: Timestamp) -> Result<u64, StoreError> {
        self.length(&[list.query(now)], COUNT_CAP).await
    }

    async fn chunks(&self, places: &[ChunkKey]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.get(ReadSet::get_all(places), Consistency::Strong).await
    }

    async fn due_jobs(&self, shard: u32, now: Timestamp, limit: u32) -> Result<Vec<JobId>, StoreError> {
        let due = Query::index(Index::Due, partitions::due_jobs(shard), limit).before(now.to_string());
        let page: Page<DueJob> = self.list(&due).await?;
        Ok(page.items.iter().filter_map(DueJob::job_id).collect())
    }
}

/// What the sparse index keeps of a job: its key.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct DueJob {
    pk: String,
}

impl Record for DueJob {
    const KIND: &'static str = Job::KIND;
    type Id = JobId;

    fn key(id: &JobId) -> Key {
        Job::key(id)
    }
}

impl DueJob {
    fn job_id(&self) -> Option<JobId> {
        self.pk.strip_prefix("job#")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_job_is_found_by_the_key_that_jobs_have() {
        let id: JobId = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let due = DueJob { pk: Job::key(&id).pk };
        assert_eq!(due.job_id(), Some(id));
    }
}
