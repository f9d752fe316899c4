//! Reports of one and of several pages.

use std::time::Duration;

use shared::domain::job::JobStatus;
use shared::domain::order::Order;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{PRODUCT, id, moderator, seller};

use super::{Fixture, report};

#[tokio::test]
async fn report_consists_of_one_chunk_per_page() {
    let fixture = Fixture::open("2", "10").await;
    let orders = fixture.marketplace.place_orders(5).await;
    fixture.request_report(None, None).await;
    assert!(fixture.handle_request().await.is_success());
    let job = fixture.job().await;
    assert_eq!((job.status, job.output.rows, job.output.chunks), (JobStatus::Succeeded, 5, 3));
    assert_eq!(fixture.text().await, report(&orders));
    assert!(fixture.handle_request().await.is_success(), "a redelivery changes nothing");
    assert_eq!(fixture.job().await, job);
}

#[tokio::test]
async fn full_last_page_ends_the_report() {
    let fixture = Fixture::open("2", "10").await;
    let orders = fixture.marketplace.place_orders(4).await;
    fixture.request_report(None, None).await;
    assert!(fixture.handle_request().await.is_success());
    assert_eq!((fixture.text().await, fixture.job().await.output.chunks), (report(&orders), 2));
}

#[tokio::test]
async fn empty_report_is_its_header() {
    let fixture = Fixture::open("250", "10").await;
    let before_all_orders = SystemClock.now().saturating_sub(Duration::from_hours(1));
    fixture.marketplace.place_orders(1).await;
    fixture.request_report(None, Some(before_all_orders)).await;
    assert!(fixture.handle_request().await.is_success());
    assert_eq!((fixture.text().await, fixture.job().await.total), (report(&[]), Some(0)));
}

#[tokio::test]
async fn report_of_a_period_contains_only_its_orders() {
    let fixture = Fixture::open("1", "10").await;
    fixture.marketplace.place_orders(2).await;
    let from = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(from.duration_since(SystemClock.now())).await;
    let within = fixture.marketplace.place_orders(3).await;
    let to = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(to.duration_since(SystemClock.now())).await;
    fixture.marketplace.place_orders(2).await;
    fixture.request_report(Some(from), Some(to)).await;
    assert!(fixture.handle_request().await.is_success());
    assert_eq!(fixture.text().await, report(&within));
    assert_eq!(fixture.job().await.total, Some(3));
}

#[tokio::test]
async fn next_time_slice_continues_without_counting_an_attempt() {
    let fixture = Fixture::open("2", "0").await;
    let orders = fixture.marketplace.place_orders(5).await;
    fixture.request_report(None, None).await;
    for rows in [2, 4] {
        assert!(fixture.handle_request().await.is_requeued());
        let job = fixture.job().await;
        assert_eq!((job.status, job.output.rows, job.attempts), (JobStatus::Running, rows, 1));
        assert_eq!(job.total, Some(5), "the total is counted once");
    }
    assert!(fixture.handle_request().await.is_success());
    assert_eq!(fixture.text().await, report(&orders));
}

#[tokio::test]
async fn report_of_a_deleted_market_fails_permanently() {
    let fixture = Fixture::open("2", "10").await;
    fixture.request_report(None, None).await;
    let product = id(PRODUCT);
    let delete = shared::domain::product::delete::DeleteProduct { id: product, by: seller(), expected: None };
    fixture.marketplace.run(delete).await;
    fixture.marketplace.delete_market().await;
    assert!(fixture.handle_request().await.is_success());
    let job = fixture.job().await;
    assert_eq!((job.status, job.last_error.as_deref()), (JobStatus::Failed, Some("the market was deleted")));
    assert!(fixture.handle_request().await.is_success());
    assert_eq!(fixture.job().await, job);
}

#[tokio::test]
async fn report_fails_if_its_owner_lost_the_permission() {
    let fixture = Fixture::open("2", "10").await;
    fixture.marketplace.place_orders(1).await;
    fixture.request_report_as(moderator()).await;
    fixture.demote(moderator().user).await;
    assert!(fixture.handle_request().await.is_success());
    let job = fixture.job().await;
    let reason = "the owner of the job may no longer read the orders of the market";
    assert_eq!((job.status, job.last_error.as_deref()), (JobStatus::Failed, Some(reason)));
    assert_eq!(job.output.chunks, 0);
}

#[tokio::test]
async fn order_that_cannot_be_parsed_is_named_in_the_report() {
    for page_size in ["1", "10"] {
        let fixture = Fixture::open(page_size, "10").await;
        let orders = fixture.marketplace.place_orders(3).await;
        fixture.request_report(None, None).await;
        fixture.marketplace.damage::<Order>(&orders[1].id).await;
        assert!(fixture.handle_request().await.is_success());
        let whole = report(&orders);
        let mut lines: Vec<&str> = whole.lines().collect();
        let unreadable = format!("{},,unreadable{}", orders[1].id, ",".repeat(14));
        lines[2] = &unreadable;
        assert_eq!(fixture.text().await.lines().collect::<Vec<_>>(), lines);
        assert_eq!(fixture.job().await.output.rows, 3);
    }
}
