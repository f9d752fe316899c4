//! `GET /v1/payments/{id}`.

use insta::assert_json_snapshot;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ORDER, buyer, moderator, seller, stranger};
use test_support::lambda_event::{masked, request_event};

use super::{Payments, capture};

fn path() -> String {
    format!("/v1/payments/{}", ORDER.replace("ord_", "pay_"))
}

#[tokio::test]
async fn payment_is_visible_to_its_parties_and_moderators() {
    let payments = Payments::charging().await;
    assert_eq!(payments.get(buyer(), &path()).await.status, 404);
    payments.advance(capture()).await;
    for actor in [buyer(), seller(), moderator()] {
        let response = payments.get(actor, &path()).await;
        assert_eq!(response.status, 200, "{actor:?}");
        assert_json_snapshot!("payment", masked(&response.json(), None));
        assert_eq!(response.header("etag").unwrap(), "\"1\"");
    }
    let (another, absent) = (
        payments.get(stranger(), &path()).await,
        payments.get(stranger(), &path().replace("PQRS", "PQR0")).await,
    );
    assert_eq!((another.status.as_u16(), another.code()), (404, "NOT_FOUND".to_owned()));
    assert_eq!(another.json()["error"], absent.json()["error"]);
}

#[tokio::test]
async fn payment_requires_token_and_id_and_supports_etags() {
    let payments = Payments::charging().await;
    payments.advance(capture()).await;
    assert_eq!(payments.send(&request_event("GET", &path(), &[], None)).await.status, 401);
    for id in ["1", ORDER, "pay_01j8z3k5v0abcdefghjkmnpqrs"] {
        assert_eq!(payments.get(buyer(), &format!("/v1/payments/{id}")).await.status, 404, "{id}");
    }
    let token = payments.marketplace.token_at(buyer(), SystemClock.now());
    let headers = [("authorization", token.as_str()), ("if-none-match", "\"1\"")];
    let known = payments.send(&request_event("GET", &path(), &headers, None)).await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
}
