//! `GET /v1/orders/{id}`.

use std::time::Duration;

use shared::domain::user::Role;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{ORDER, actor, buyer, moderator, seller, stranger};

use super::Orders;

#[tokio::test]
async fn order_is_visible_to_its_parties_and_moderators_only() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    for reader in [buyer(), seller(), moderator()] {
        let response = orders.api.get(&path).by(reader).await;
        assert_eq!(response.status, 200, "{reader:?}");
        assert_eq!(response.json()["data"]["id"], ORDER);
    }
    let another = orders.api.get(&path).by(stranger()).await;
    let absent = orders.api.get(&path.replace("PQRS", "PQR0")).by(stranger()).await;
    assert_eq!(another.error(), (404, "NOT_FOUND"));
    let absent = absent.json().to_string().replace("PQR0", "PQRS");
    assert_eq!(another.json().to_string(), absent, "the responses differ in the id only");
}

#[tokio::test]
async fn revoked_role_grants_no_access() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    let former_admin = actor(&stranger().user.to_string(), Role::Admin);
    assert_eq!(orders.api.get(&path).by(former_admin).await.status, 404);
    let account = orders.marketplace.reader.user(moderator().user).await.unwrap().unwrap();
    orders.marketplace.suspend(account).await;
    let revoked = orders.api.get(&path).by(moderator()).await;
    assert_eq!(revoked.error(), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn malformed_order_id_is_not_found() {
    let orders = Orders::new().await;
    for text in
        ["1", "ord_", "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "ord_01j8z3k5v0abcdefghjkmnpqrs", "%00", "%FF"]
    {
        let response = orders.api.get(&format!("/v1/orders/{text}")).by(buyer()).await;
        assert_eq!(response.error(), (404, "NOT_FOUND"), "{text}");
    }
}

#[tokio::test]
async fn matching_if_none_match_gets_304() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    for (if_none_match, status) in
        [("\"1\"", 304), ("\"7\", W/\"1\"", 304), ("*", 304), ("\"2\"", 200), ("1", 200)]
    {
        let response = orders.api.get(&path).by(buyer()).if_none_match(if_none_match).await;
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
        let request = orders.api.get(&format!("/v1/orders/{ORDER}"));
        let response = request.header("authorization", header).await;
        assert_eq!(response.error(), (401, code), "{header}");
        assert_eq!(response.header("www-authenticate").unwrap(), "Bearer", "{header}");
    }
}
