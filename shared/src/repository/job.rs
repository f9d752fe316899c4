//! Queries of jobs and their output.

use strum::VariantArray as _;

use crate::domain::job::create::MAX_OPEN_JOBS;
use crate::domain::job::output::chunk::{Chunk, ChunkKey};
use crate::domain::job::{Job, JobId, JobStatus, JobSummary};
use crate::domain::user::UserId;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, ReadSet, Record, StoreError};
use crate::kit::system::clock::Timestamp;
use crate::repository::table_layout::due_list::DueRequest;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// Filter and sort order of a list of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobList {
    /// Owner of the jobs.
    pub owner: UserId,
    /// Status; `None` for all statuses.
    pub status: Option<JobStatus>,
    /// True for newest first.
    pub descending: bool,
}

/// Maximum count of the jobs of a user.
pub const COUNT_CAP: u32 = 10_000;

impl JobList {
    fn query(self, now: Timestamp) -> Query {
        let (index, partition) = match self.status {
            None => (Index::SummariesByOwner, partitions::jobs_of(self.owner)),
            Some(status) => (Index::SummariesByParent, partitions::jobs_in(self.owner, status)),
        };
        let query =
            Query::index(index, partition, 1).filter(Predicate::greater("expiresAt", now.to_string()));
        if self.descending { query.descending() } else { query }
    }
}

impl DynamoReader {
    /// Loads a job. A job that has expired by `now` is absent, even if the table has not deleted it yet.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn job(&self, id: JobId, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let job: Option<Job> = self.get(ReadSet::get(&id), Consistency::Eventual).await?;
        Ok(job.filter(|job| !job.is_expired(now)))
    }

    /// Loads a page of a list of jobs. Expired jobs are read and skipped, up to a limit.
    ///
    /// # Errors
    /// [`ListError::TooSparse`] if a page by number exceeds that limit; [`ListError::Store`] if the table
    /// does not respond.
    pub async fn jobs(
        &self,
        list: JobList,
        now: Timestamp,
        slice: &PageRequest,
    ) -> Result<ListPage<JobSummary>, ListError> {
        Ok(self.page(&[list.query(now)], slice).await?)
    }

    /// Counts the jobs of a list, up to [`COUNT_CAP`]. They are counted on request, because no event reports
    /// that a job has expired.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn count_jobs(&self, list: JobList, now: Timestamp) -> Result<u64, StoreError> {
        self.count_up_to(&[list.query(now)], COUNT_CAP).await
    }

    /// Counts the jobs of a user that have not ended, up to [`MAX_OPEN_JOBS`] of each status.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn count_open_jobs(&self, owner: UserId, now: Timestamp) -> Result<u64, StoreError> {
        let open = JobStatus::VARIANTS.iter().filter(|status| status.is_open());
        let lists = open.map(|status| JobList { owner, status: Some(*status), descending: false }.query(now));
        self.count_up_to(&lists.collect::<Vec<_>>(), MAX_OPEN_JOBS).await
    }

    /// Loads chunks with strong consistency, in one request for up to 100; an absent chunk is `None`.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn chunks(&self, keys: &[ChunkKey]) -> Result<Vec<Option<Chunk>>, StoreError> {
        self.get(ReadSet::get_all(keys), Consistency::Strong).await
    }

    /// Lists the scheduled jobs of a shard that are due, the longest overdue first. Reads only those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn due_jobs(&self, request: DueRequest) -> Result<Page<JobId>, StoreError> {
        self.due::<Job>(partitions::due_jobs(request.shard), request).await
    }

    /// Lists the jobs of a shard to examine because they have not ended, the longest due first. Reads only
    /// those.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn unfinished_jobs(&self, request: DueRequest) -> Result<Page<JobId>, StoreError> {
        self.due::<Job>(partitions::unfinished_jobs(request.shard), request).await
    }
}

/// Loaded from an index of summaries.
impl Record for JobSummary {
    const KIND: &'static str = Job::KIND;
    type Id = JobId;

    fn key(id: &JobId) -> Key {
        Job::key(id)
    }
}
