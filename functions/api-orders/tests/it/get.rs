//! `GET /v1/orders/{id}`.

use std::time::Duration;

use shared::domain::user::Role;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{ORDER, actor, buyer, moderator, seller, stranger};
use test_support::lambda_event::request_event;

use super::Orders;

#[tokio::test]
async fn order_is_visible_to_its_parties_and_moderators_only() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    for reader in [buyer(), seller(), moderator()] {
        let response = orders.get(reader, &path).await;
        assert_eq!(response.status, 200, "{reader:?}");
        assert_eq!(response.json()["data"]["id"], ORDER);
    }
    let another = orders.get(stranger(), &path).await;
    let absent = orders.get(stranger(), &path.replace("PQRS", "PQR0")).await;
    assert_eq!((another.status.as_u16(), another.code().as_str()), (404, "NOT_FOUND"));
    assert_eq!(another.json()["error"], absent.json()["error"]);
    assert_eq!(another.json()["detail"], absent.json()["detail"]);
}

#[tokio::test]
async fn revoked_role_grants_no_access() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    let former_admin = actor(&stranger().user.to_string(), Role::Admin);
    assert_eq!(orders.get(former_admin, &path).await.status, 404);
    let account = orders.marketplace.reader.user(moderator().user).await.unwrap().unwrap();
    orders.marketplace.suspend(account).await;
    let revoked = orders.get(moderator(), &path).await;
    assert_eq!((revoked.status.as_u16(), revoked.code().as_str()), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn malformed_order_id_is_not_found() {
    let orders = Orders::new().await;
    for text in
        ["1", "ord_", "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "ord_01j8z3k5v0abcdefghjkmnpqrs", "%00", "%FF"]
    {
        let response = orders.get(buyer(), &format!("/v1/orders/{text}")).await;
        assert_eq!((response.status.as_u16(), response.code().as_str()), (404, "NOT_FOUND"), "{text}");
    }
}

#[tokio::test]
async fn matching_if_none_match_gets_304() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let (path, token) = (format!("/v1/orders/{ORDER}"), orders.marketplace.token(buyer()));
    for (if_none_match, status) in
        [("\"1\"", 304), ("\"7\", W/\"1\"", 304), ("*", 304), ("\"2\"", 200), ("1", 200)]
    {
        let headers = [("authorization", token.as_str()), ("if-none-match", if_none_match)];
        let response = orders.send(&request_event("GET", &path, &headers, None)).await;
        assert_eq!(response.status, status, "{if_none_match}");
        assert_eq!(response.header("etag").unwrap(), "\"1\"");
        assert_eq!(response.bytes.is_empty(), status == 304);
    }
}

#[tokio::test]
async fn invalid_token_gets_401_with_a_specific_code() {
    let orders = Orders::new().await;
    let day = Duration::from_hours(24);
    let expired = orders.marketplace.token_at(buyer(), SystemClock.now().saturating_sub(day));
    let not_yet_valid = orders.marketplace.token_at(buyer(), SystemClock.now().saturating_add(day));
    let valid = orders.marketplace.token(buyer());
    let forged = valid.replace("Bearer ", "Bearer x");
    let twice = format!("{valid},{valid}");
    let cases = [
        ("", "UNAUTHENTICATED"),
        ("Basic YTpi", "UNAUTHENTICATED"),
        ("Bearer", "UNAUTHENTICATED"),
        ("Bearer ", "UNAUTHENTICATED"),
        (twice.as_str(), "UNAUTHENTICATED"),
        ("Bearer e30.e30.e30", "INVALID_TOKEN"),
        (forged.as_str(), "INVALID_TOKEN"),
        (not_yet_valid.as_str(), "INVALID_TOKEN"),
        (expired.as_str(), "TOKEN_EXPIRED"),
    ];
    for (header, code) in cases {
        let event = request_event("GET", &format!("/v1/orders/{ORDER}"), &[("authorization", header)], None);
        let response = orders.send(&event).await;
        assert_eq!((response.status.as_u16(), response.code().as_str()), (401, code), "{header}");
        assert_eq!(response.header("www-authenticate").unwrap(), "Bearer", "{header}");
    }
}
