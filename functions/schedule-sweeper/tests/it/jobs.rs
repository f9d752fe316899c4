//! Release of scheduled jobs.

use std::iter;
use std::time::Duration;

use futures::future::join_all;
use shared::domain::job::cancel::CancelJob;
use shared::domain::job::create::CreateJob;
use shared::domain::job::{Job, JobId, Priority};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::table_layout::partitions::due_job_shard;
use test_support::fixture::{new_id, sales_report, seller};

use super::Fixture;

const HALF_HOUR: Duration = Duration::from_mins(30);

impl Fixture {
    /// Creates a job one hour ago that is scheduled `delay` after its creation.
    async fn create_job(&self, id: JobId, delay: Duration) -> Job {
        let one_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
        let run_at = Some(one_hour_ago.saturating_add(delay));
        let request = CreateJob { priority: Some(Priority::High), run_at, ..sales_report(id) };
        self.marketplace.run_at(one_hour_ago, request).await
    }

    async fn job(&self, id: JobId) -> Job {
        self.marketplace.reader.job(id, SystemClock.now()).await.unwrap().unwrap()
    }

    /// The names of the unpublished job events.
    async fn job_events(&self) -> Vec<String> {
        let events = self.marketplace.unpublished_events().await.into_iter();
        events.filter(|event| event.event.starts_with("job.")).map(|event| event.event).collect()
    }
}

#[tokio::test]
async fn due_job_is_released_once() {
    let fixture = Fixture::open().await;
    let due = fixture.create_job(new_id(), HALF_HOUR).await;
    let early = fixture.create_job(new_id(), Duration::from_hours(2)).await;
    assert!(fixture.job_events().await.is_empty());
    join_all([fixture.tick(), fixture.tick()]).await;
    let released = fixture.job(due.id).await;
    assert_eq!((released.version.get(), released.request), (2, Some(released.version)));
    assert_eq!(fixture.job(early.id).await, early);
    assert_eq!(fixture.job_events().await, ["job.requested.high"]);
    fixture.tick().await;
    assert_eq!(fixture.job(due.id).await, released);
}

#[tokio::test]
async fn cancelled_job_is_not_released() {
    let fixture = Fixture::open().await;
    let job = fixture.create_job(new_id(), HALF_HOUR).await;
    let cancelled = fixture.marketplace.run(CancelJob { id: job.id, by: seller().user }).await;
    fixture.tick().await;
    assert_eq!(fixture.job(job.id).await, cancelled);
    assert!(fixture.job_events().await.is_empty());
}

#[tokio::test]
async fn more_than_one_page_of_jobs_is_released_in_one_tick() {
    let fixture = Fixture::open().await;
    let jobs: Vec<JobId> =
        iter::repeat_with(new_id).filter(|job| due_job_shard(*job) == 3).take(105).collect();
    for batch in jobs.chunks(10) {
        join_all(batch.iter().map(|job| fixture.create_job(*job, HALF_HOUR))).await;
    }
    fixture.tick().await;
    for job in jobs {
        assert!(fixture.job(job).await.request.is_some());
    }
}
