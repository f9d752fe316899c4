//! `GET /v1/orders/{id}`.

use std::time::Duration;

use shared::domain::user::Role;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{ORDER, actor, buyer, moderator, seller, stranger};
use test_support::lambda_event::of_request;

use super::Orders;

#[tokio::test]
async fn an_order_is_shown_to_those_concerned_and_absent_for_others() {
    let orders = Orders::open().await;
    orders.scene.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    for concerned in [buyer(), seller(), moderator()] {
        let answer = orders.get(concerned, &path).await;
        assert_eq!(answer.status, 200, "{concerned:?}");
        assert_eq!(answer.json()["data"]["id"], ORDER);
    }
    let another = orders.get(stranger(), &path).await;
    let absent = orders.get(stranger(), &path.replace("PQRS", "PQR0")).await;
    assert_eq!((another.status.as_u16(), another.code().as_str()), (404, "NOT_FOUND"));
    assert_eq!(another.json()["error"], absent.json()["error"]);
    assert_eq!(another.json()["detail"], absent.json()["detail"]);
}

#[tokio::test]
async fn a_role_that_was_taken_back_shows_nothing_whatever_the_token_says() {
    let orders = Orders::open().await;
    orders.scene.order(None).await;
    let path = format!("/v1/orders/{ORDER}");
    let pretender = actor(&stranger().user.to_string(), Role::Admin);
    assert_eq!(orders.get(pretender, &path).await.status, 404);
    let account = orders.scene.reader.user(moderator().user).await.unwrap().unwrap();
    orders.scene.suspend(account).await;
    let revoked = orders.get(moderator(), &path).await;
    assert_eq!((revoked.status.as_u16(), revoked.code().as_str()), (401, "TOKEN_REVOKED"));
}

#[tokio::test]
async fn what_is_no_order_id_names_no_order() {
    let orders = Orders::open().await;
    for text in
        ["1", "ord_", "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "ord_01j8z3k5v0abcdefghjkmnpqrs", "%00", "%FF"]
    {
        let answer = orders.get(buyer(), &format!("/v1/orders/{text}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{text}");
    }
}

#[tokio::test]
async fn an_order_that_the_caller_has_already_is_not_sent_again() {
    let orders = Orders::open().await;
    orders.scene.order(None).await;
    let (path, token) = (format!("/v1/orders/{ORDER}"), orders.scene.token(buyer()));
    for (known, status) in [("\"1\"", 304), ("\"7\", W/\"1\"", 304), ("*", 304), ("\"2\"", 200), ("1", 200)] {
        let headers = [("authorization", token.as_str()), ("if-none-match", known)];
        let answer = orders.send(&of_request("GET", &path, &headers, None)).await;
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.header("etag").unwrap(), "\"1\"");
        assert_eq!(answer.bytes.is_empty(), status == 304);
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_is_answered_with_what_is_wrong_with_it() {
    let orders = Orders::open().await;
    let day = Duration::from_hours(24);
    let old = orders.scene.token_at(buyer(), SystemClock.now().saturating_sub(day));
    let early = orders.scene.token_at(buyer(), SystemClock.now().saturating_add(day));
    let good = orders.scene.token(buyer());
    let forged = good.replace("Bearer ", "Bearer x");
    let twice = format!("{good},{good}");
    let cases = [
        ("", "UNAUTHENTICATED"),
        ("Basic YTpi", "UNAUTHENTICATED"),
        ("Bearer", "UNAUTHENTICATED"),
        ("Bearer ", "UNAUTHENTICATED"),
        (twice.as_str(), "UNAUTHENTICATED"),
        ("Bearer e30.e30.e30", "INVALID_TOKEN"),
        (forged.as_str(), "INVALID_TOKEN"),
        (early.as_str(), "INVALID_TOKEN"),
        (old.as_str(), "TOKEN_EXPIRED"),
    ];
    for (header, code) in cases {
        let event = of_request("GET", &format!("/v1/orders/{ORDER}"), &[("authorization", header)], None);
        let answer = orders.send(&event).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, code), "{header}");
        assert_eq!(answer.header("www-authenticate").unwrap(), "Bearer", "{header}");
    }
}
