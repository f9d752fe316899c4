//! `GET /v1/users/me` and `GET /v1/users/{id}`.

use insta::assert_json_snapshot;
use serde_json::json;
use test_support::fixture::{admin, moderator, new_id, stranger};
use test_support::lambda_event::masked;

use super::{Users, path};

#[tokio::test]
async fn own_account_is_returned_for_both_paths() {
    let users = Users::open().await;
    for path in ["/v1/users/me".to_owned(), path(stranger().user)] {
        let response = users.api.get(&path).by(stranger()).await;
        assert_eq!(response.status, 200, "{path}");
        assert_json_snapshot!("own-account", masked(&response.json(), None));
        assert_eq!(response.header("etag").unwrap(), "\"1\"");
        assert_eq!(response.header("cache-control").unwrap(), "no-store");
    }
}

#[tokio::test]
async fn reading_other_accounts_requires_the_permission() {
    let users = Users::open().await;
    for actor in [moderator(), admin()] {
        assert_eq!(users.api.get(&path(stranger().user)).by(actor).await.status, 200);
        assert_eq!(users.api.get(&path(new_id())).by(actor).await.error(), (404, "NOT_FOUND"));
    }
    for user in [moderator().user, admin().user, new_id()] {
        let response = users.api.get(&path(user)).by(stranger()).await;
        assert_eq!(response.error(), (404, "NOT_FOUND"));
        assert_eq!(response.json()["error"]["message"], format!("account {user} does not exist"));
    }
    for invalid in ["usr_1", "ord_01J8Z3K5V0ABCDEFGHJKMNPQRX", "%20", "Me"] {
        let response = users.api.get(&format!("/v1/users/{invalid}")).by(admin()).await;
        assert_eq!(response.error(), (404, "NOT_FOUND"), "{invalid}");
    }
}

#[tokio::test]
async fn permission_ends_with_the_role_or_a_suspension() {
    let users = Users::open().await;
    let demoted = users.patch(admin(), moderator().user, &json!({ "role": "user" })).await;
    assert_eq!(demoted.status, 200, "{}", demoted.json());
    assert_eq!(users.api.get(&path(stranger().user)).by(moderator()).await.error(), (404, "NOT_FOUND"));
    assert_eq!(users.api.get("/v1/users").by(moderator()).await.status, 403);
    users.patch(admin(), moderator().user, &json!({ "role": "moderator", "status": "suspended" })).await;
    assert_eq!(users.api.get(&path(stranger().user)).by(moderator()).await.error(), (401, "TOKEN_REVOKED"));
    assert_eq!(users.api.get("/v1/users").by(moderator()).await.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn matching_if_none_match_returns_304() {
    let users = Users::open().await;
    for (tag, status) in [("\"1\"", 304), ("W/\"1\"", 304), ("\"2\", \"1\"", 304), ("*", 304), ("\"2\"", 200)]
    {
        let response = users.api.get("/v1/users/me").by(stranger()).if_none_match(tag).await;
        assert_eq!(response.status, status, "{tag}");
        assert_eq!(response.bytes.is_empty(), status == 304, "{tag}");
    }
}

#[tokio::test]
async fn request_without_token_is_unauthenticated() {
    let users = Users::open().await;
    for path in ["/v1/users", "/v1/users/me", path(stranger().user).as_str()] {
        let response = users.api.get(path).await;
        assert_eq!(response.error(), (401, "UNAUTHENTICATED"), "{path}");
    }
}

#[tokio::test]
async fn deleted_account_is_not_found_with_its_own_token() {
    let users = Users::open().await;
    assert_eq!(users.delete(stranger(), stranger().user).await.status, 204);
    assert_eq!(users.api.get("/v1/users/me").by(stranger()).await.error(), (404, "NOT_FOUND"));
}
