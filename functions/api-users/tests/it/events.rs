//! Tests with the events in `events/api-users/`.

use shared::domain::values::actor::Actor;
use test_support::fixture::{admin, moderator, stranger};
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Users;

/// Sender, and status and error code of the response to each event, in an order in which they can be sent.
fn expected() -> Vec<(&'static str, Actor, u16, &'static str)> {
    let (stranger, moderator) = (stranger(), moderator());
    vec![
        ("list-users", moderator, 200, ""),
        ("list-users-without-permission", stranger, 403, "FORBIDDEN"),
        ("list-users-with-bad-query", moderator, 400, "VALIDATION_ERROR"),
        ("create-user", admin(), 201, ""),
        ("create-user-without-permission", moderator, 403, "FORBIDDEN"),
        ("create-user-with-a-taken-address", admin(), 409, "EMAIL_TAKEN"),
        ("create-user-without-key", admin(), 400, "IDEMPOTENCY_KEY_REQUIRED"),
        ("search-users", moderator, 200, ""),
        ("get-own-user", stranger, 200, ""),
        ("get-own-user-without-token", stranger, 401, "UNAUTHENTICATED"),
        ("get-user", stranger, 200, ""),
        ("get-user-of-another-account", stranger, 404, "NOT_FOUND"),
        ("replace-user", stranger, 200, ""),
        ("replace-user-without-the-password", stranger, 400, "VALIDATION_ERROR"),
        ("patch-user", stranger, 200, ""),
        ("patch-user-at-an-old-version", stranger, 412, "VERSION_MISMATCH"),
        ("patch-own-role", stranger, 400, "VALIDATION_ERROR"),
        ("patch-own-notifications", moderator, 200, ""),
        ("suspend-user", admin(), 200, ""),
        ("delete-user-without-a-version", stranger, 428, "PRECONDITION_REQUIRED"),
        ("delete-user", stranger, 204, ""),
    ]
}

#[tokio::test]
async fn example_events_have_the_expected_responses() {
    let users = Users::open().await;
    users.set_password(stranger().user).await;
    for (case, by, status, code) in expected() {
        let event = users.marketplace.signed(event_from_file("api-users", case), by);
        let response = users.api.send(&event).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-users", expected().into_iter().map(|(case, ..)| case));
}
