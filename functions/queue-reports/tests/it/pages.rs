//! What reports say, however many pages they have.

use std::time::Duration;

use shared::domain::job::JobStatus;
use shared::domain::market::delete::DeleteMarket;
use shared::domain::user::{Role, User, UserEvent};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{MARKET, id, moderator, seller};

use super::{Fixture, report};

#[tokio::test]
async fn each_page_is_a_chunk_and_all_of_them_are_the_report_in_its_order() {
    let desk = Fixture::open("2", "10").await;
    let orders = desk.sold(5).await;
    desk.requested(None, None).await;
    assert!(desk.hear().await.is_done());
    let job = desk.job().await;
    assert_eq!((job.status, job.written.rows, job.written.chunks), (JobStatus::Succeeded, 5, 3));
    assert_eq!(desk.text().await, report(&orders));
    assert!(desk.hear().await.is_done(), "once more changes nothing");
    assert_eq!(desk.job().await, job);
}

#[tokio::test]
async fn a_page_that_holds_the_last_orders_exactly_is_the_last() {
    let desk = Fixture::open("2", "10").await;
    let orders = desk.sold(4).await;
    desk.requested(None, None).await;
    assert!(desk.hear().await.is_done());
    assert_eq!((desk.text().await, desk.job().await.written.chunks), (report(&orders), 2));
}

#[tokio::test]
async fn a_report_of_nothing_is_its_heading() {
    let desk = Fixture::open("250", "10").await;
    let before_all = SystemClock.now().saturating_sub(Duration::from_hours(1));
    desk.sold(1).await;
    desk.requested(None, Some(before_all)).await;
    assert!(desk.hear().await.is_done());
    assert_eq!((desk.text().await, desk.job().await.total), (report(&[]), Some(0)));
}

#[tokio::test]
async fn a_period_takes_what_was_placed_in_it_and_nothing_else() {
    let desk = Fixture::open("1", "10").await;
    desk.sold(2).await;
    let from = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(from.duration_since(SystemClock.now())).await;
    let within = desk.sold(3).await;
    let to = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(to.duration_since(SystemClock.now())).await;
    desk.sold(2).await;
    desk.requested(Some(from), Some(to)).await;
    assert!(desk.hear().await.is_done());
    assert_eq!(desk.text().await, report(&within));
    assert_eq!(desk.job().await.total, Some(3));
}

#[tokio::test]
async fn a_stretch_ends_with_its_page_and_another_goes_on_without_counting_an_attempt() {
    let desk = Fixture::open("2", "0").await;
    let orders = desk.sold(5).await;
    desk.requested(None, None).await;
    for rows in [2, 4] {
        assert!(desk.hear().await.is_handed_over());
        let job = desk.job().await;
        assert_eq!((job.status, job.written.rows, job.attempts), (JobStatus::Running, rows, 1));
        assert_eq!(job.total, Some(5), "it was counted once");
    }
    assert!(desk.hear().await.is_done());
    assert_eq!(desk.text().await, report(&orders));
}

#[tokio::test]
async fn a_report_of_a_market_that_is_gone_fails_for_good() {
    let desk = Fixture::open("2", "10").await;
    desk.requested(None, None).await;
    let product = super::id(super::PRODUCT);
    let remove = shared::domain::product::delete::DeleteProduct { id: product, by: seller(), expected: None };
    desk.scene.run(remove).await;
    desk.scene.run(DeleteMarket { id: id(MARKET), by: seller(), expected: None }).await;
    assert!(desk.hear().await.is_done());
    let job = desk.job().await;
    assert_eq!((job.status, job.last_error.as_deref()), (JobStatus::Failed, Some("the market is gone")));
    assert!(desk.hear().await.is_done());
    assert_eq!(desk.job().await, job);
}

#[tokio::test]
async fn a_report_is_not_made_for_somebody_who_may_not_read_the_orders_any_more() {
    let desk = Fixture::open("2", "10").await;
    desk.sold(1).await;
    desk.requested_by(moderator()).await;
    let former = desk.scene.reader.user(moderator().user).await.unwrap().unwrap();
    let event = UserEvent::Registered { user_id: former.id };
    desk.scene.put_entity(User { role: Role::User, version: former.version.next(), ..former }, event).await;
    assert!(desk.hear().await.is_done());
    let job = desk.job().await;
    let reason = "who asked for the report may not read the market's orders any more";
    assert_eq!((job.status, job.last_error.as_deref()), (JobStatus::Failed, Some(reason)));
    assert_eq!(job.written.chunks, 0);
}
