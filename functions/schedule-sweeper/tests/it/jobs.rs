//! Jobs whose time has come.

use std::iter;
use std::time::Duration;

use futures::future::join_all;
use shared::domain::job::cancel::CancelJob;
use shared::domain::job::create::CreateJob;
use shared::domain::job::{Job, JobId, Priority};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::job::JobReader;
use shared::repository::table_layout::partitions::due_job_shard;
use test_support::fixture::{MARKET, new_id, seller};

use super::Fixture;

const HALF_AN_HOUR: Duration = Duration::from_mins(30);

impl Fixture {
    /// A job that was asked for an hour ago, to be run so much later.
    async fn job_in(&self, id: JobId, later: Duration) -> Job {
        let an_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
        let request = CreateJob {
            id,
            by: seller(),
            reads_any: false,
            market_id: super::id(MARKET),
            from: None,
            to: None,
            priority: Priority::High,
            run_at: Some(an_hour_ago.saturating_add(later)),
            retention: "7".parse().unwrap(),
        };
        self.scene.run_at(an_hour_ago, request).await
    }

    async fn job(&self, id: JobId) -> Job {
        self.scene.reader.job(id, SystemClock.now()).await.unwrap().unwrap()
    }

    /// The names of the jobs' events that wait to be published.
    async fn asked_for(&self) -> Vec<String> {
        let events = self.unpublished().await.into_iter();
        events.filter(|event| event.event.starts_with("job.")).map(|event| event.event).collect()
    }
}

#[tokio::test]
async fn a_job_is_asked_for_once_its_time_has_come_and_not_before() {
    let sweep = Fixture::open().await;
    let due = sweep.job_in(new_id(), HALF_AN_HOUR).await;
    let early = sweep.job_in(new_id(), Duration::from_hours(2)).await;
    assert!(sweep.asked_for().await.is_empty());
    join_all([sweep.tick(), sweep.tick()]).await;
    let released = sweep.job(due.id).await;
    assert_eq!((released.version.get(), released.request), (2, Some(released.version)));
    assert_eq!(sweep.job(early.id).await, early);
    assert_eq!(sweep.asked_for().await, ["job.requested.high"]);
    sweep.tick().await;
    assert_eq!(sweep.job(due.id).await, released);
}

#[tokio::test]
async fn a_job_that_was_called_off_is_left_alone() {
    let sweep = Fixture::open().await;
    let job = sweep.job_in(new_id(), HALF_AN_HOUR).await;
    let cancelled = sweep.scene.run(CancelJob { id: job.id, by: seller().user }).await;
    sweep.tick().await;
    assert_eq!(sweep.job(job.id).await, cancelled);
    assert!(sweep.asked_for().await.is_empty());
}

#[tokio::test]
async fn more_than_a_page_of_jobs_of_one_shard_is_released_in_one_tick() {
    let sweep = Fixture::open().await;
    let jobs: Vec<JobId> =
        iter::repeat_with(new_id).filter(|job| due_job_shard(*job) == 3).take(105).collect();
    for batch in jobs.chunks(10) {
        join_all(batch.iter().map(|job| sweep.job_in(*job, HALF_AN_HOUR))).await;
    }
    sweep.tick().await;
    for job in jobs {
        assert!(sweep.job(job).await.request.is_some());
    }
}
