//! Every event in `events/api-users/`.

use shared::domain::values::actor::Actor;
use test_support::fixture::{moderator, stranger};
use test_support::lambda_event::{cases, of_file};

use super::{Users, admin};

/// What each event is answered with, and who sends it, in an order in which they can be sent one after the other.
fn answers() -> Vec<(&'static str, Actor, u16, &'static str)> {
    let (stranger, moderator) = (stranger(), moderator());
    vec![
        ("list-users", moderator, 200, ""),
        ("list-users-without-permission", stranger, 403, "FORBIDDEN"),
        ("list-users-with-bad-query", moderator, 400, "VALIDATION_ERROR"),
        ("search-users", moderator, 200, ""),
        ("get-own-user", stranger, 200, ""),
        ("get-own-user-without-token", stranger, 401, "UNAUTHENTICATED"),
        ("get-user", stranger, 200, ""),
        ("get-user-of-somebody-else", stranger, 404, "NOT_FOUND"),
        ("replace-user", stranger, 200, ""),
        ("replace-user-with-a-taken-address", stranger, 409, "EMAIL_TAKEN"),
        ("patch-user", stranger, 200, ""),
        ("patch-user-at-an-old-version", stranger, 412, "VERSION_MISMATCH"),
        ("patch-own-role", stranger, 400, "VALIDATION_ERROR"),
        ("suspend-user", admin(), 200, ""),
        ("delete-user-without-a-version", stranger, 428, "PRECONDITION_REQUIRED"),
        ("delete-user", stranger, 204, ""),
    ]
}

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    let users = Users::open().await;
    let mut sent = Vec::new();
    for (case, by, status, code) in answers() {
        let event = users.scene.signed(of_file("api-users", case), by);
        let answer = users.send(&event).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{case}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("api-users"), "an event is not sent, or does not exist");
}
