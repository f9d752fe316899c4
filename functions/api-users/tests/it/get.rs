//! `GET /v1/users/me` and `GET /v1/users/{id}`.

use serde_json::json;
use test_support::fixture::{moderator, new_id, stranger};
use test_support::lambda_event::of_request;

use super::{Users, admin, error, not_found, path, revoked};

#[tokio::test]
async fn people_see_their_own_account_under_either_address() {
    let users = Users::open().await;
    let stored = users.stored(stranger().user).await.unwrap();
    let expected = json!({ "data": {
        "id": stranger().user,
        "email": "stranger@example.com",
        "emailVerified": false,
        "name": "stranger",
        "role": "user",
        "status": "active",
        "createdAt": stored.created_at,
        "updatedAt": stored.updated_at,
        "version": 1,
    }});
    for path in ["/v1/users/me".to_owned(), path(stranger().user)] {
        let answer = users.get(stranger(), &path).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, expected.clone()), "{path}");
        assert_eq!(answer.header("etag").unwrap(), "\"1\"");
        assert_eq!(answer.header("cache-control").unwrap(), "no-store");
    }
}

#[tokio::test]
async fn the_accounts_of_others_are_seen_by_those_who_may_and_nobody_else() {
    let users = Users::open().await;
    for who in [moderator(), admin()] {
        assert_eq!(users.get(who, &path(stranger().user)).await.status, 200);
        assert_eq!(error(&users.get(who, &path(new_id())).await), not_found());
    }
    for user in [moderator().user, admin().user, new_id()] {
        assert_eq!(error(&users.get(stranger(), &path(user)).await), not_found());
    }
    for nobody in ["usr_1", "ord_01J8Z3K5V0ABCDEFGHJKMNPQRX", "%20", "Me"] {
        let answer = users.get(admin(), &format!("/v1/users/{nobody}")).await;
        assert_eq!(error(&answer), not_found(), "{nobody}");
    }
}

#[tokio::test]
async fn a_permission_counts_for_as_long_as_the_role_is_held_and_the_account_is_good() {
    let users = Users::open().await;
    let demoted = users.patch(admin(), moderator().user, &json!({ "role": "user" })).await;
    assert_eq!(demoted.status, 200, "{}", demoted.json());
    assert_eq!(error(&users.get(moderator(), &path(stranger().user)).await), not_found());
    assert_eq!(users.get(moderator(), "/v1/users").await.status, 403);
    users.patch(admin(), moderator().user, &json!({ "role": "moderator", "status": "suspended" })).await;
    assert_eq!(error(&users.get(moderator(), &path(stranger().user)).await), revoked());
    assert_eq!(error(&users.get(moderator(), "/v1/users").await), revoked());
}

#[tokio::test]
async fn a_version_that_the_caller_has_is_not_sent_again() {
    let users = Users::open().await;
    for (known, status) in
        [("\"1\"", 304), ("W/\"1\"", 304), ("\"2\", \"1\"", 304), ("*", 304), ("\"2\"", 200)]
    {
        let headers = [("if-none-match", known)];
        let answer = users.ask(stranger(), "GET", "/v1/users/me", &headers, None).await;
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.bytes.is_empty(), status == 304, "{known}");
    }
}

#[tokio::test]
async fn who_sends_no_token_is_told_so() {
    let users = Users::open().await;
    for path in ["/v1/users", "/v1/users/me", path(stranger().user).as_str()] {
        let answer = users.send(&of_request("GET", path, &[], None)).await;
        assert_eq!(error(&answer), (401, "UNAUTHENTICATED".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn an_account_that_is_gone_is_not_found_by_its_own_token() {
    let users = Users::open().await;
    assert_eq!(users.delete(stranger(), stranger().user).await.status, 204);
    assert_eq!(error(&users.get(stranger(), "/v1/users/me").await), not_found());
}
