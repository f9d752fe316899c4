//! Tests with the events in `events/api-jobs/`.

use shared::domain::values::actor::Actor;
use test_support::fixture::{admin, id, moderator, seller, stranger};
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Jobs;
use super::jobs::JOB;

/// Sender, and status and error code of the response to each event, in an order in which they can be sent.
fn expected() -> Vec<(&'static str, Actor, u16, &'static str)> {
    let moderator = moderator();
    vec![
        ("list-dead-letters", moderator, 200, ""),
        ("list-dead-letters-without-permission", stranger(), 403, "FORBIDDEN"),
        ("get-dead-letter", moderator, 200, ""),
        ("redrive-dead-letter-without-key", admin(), 400, "IDEMPOTENCY_KEY_REQUIRED"),
        ("redrive-dead-letter", admin(), 200, ""),
        ("redrive-queue", admin(), 200, ""),
        ("redrive-unknown-queue", admin(), 400, "VALIDATION_ERROR"),
        ("delete-dead-letter-at-an-old-version", admin(), 412, "VERSION_MISMATCH"),
        ("delete-dead-letter", admin(), 204, ""),
        ("get-absent-dead-letter", moderator, 404, "NOT_FOUND"),
        ("request-job", seller(), 202, ""),
        ("request-job-without-key", seller(), 400, "IDEMPOTENCY_KEY_REQUIRED"),
        ("request-job-of-an-unknown-type", seller(), 400, "VALIDATION_ERROR"),
        ("request-job-in-the-past", seller(), 400, "VALIDATION_ERROR"),
        ("list-jobs", seller(), 200, ""),
        ("list-jobs-with-bad-query", seller(), 400, "VALIDATION_ERROR"),
        ("get-job", seller(), 200, ""),
        ("get-absent-job", seller(), 404, "NOT_FOUND"),
        ("get-result", seller(), 200, ""),
        ("get-result-beyond-the-last-part", seller(), 400, "VALIDATION_ERROR"),
        ("cancel-job-that-is-over", seller(), 409, "INVALID_STATE"),
        ("retry-job-that-has-succeeded", seller(), 409, "INVALID_STATE"),
        ("delete-job-at-an-old-version", seller(), 412, "VERSION_MISMATCH"),
    ]
}

#[tokio::test]
async fn example_events_have_the_expected_responses() {
    let jobs = Jobs::open().await;
    jobs.succeeded(id(JOB), "heading\r\n").await;
    for (case, by, status, code) in expected() {
        let event = jobs.marketplace.signed(event_from_file("api-jobs", case), by);
        let response = jobs.api.send(&event).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-jobs", expected().into_iter().map(|(case, ..)| case));
}
