//! `GET /v1/payments/{id}`.

use insta::assert_json_snapshot;
use test_support::fixture::{ORDER, buyer, moderator, seller, stranger};
use test_support::lambda_event::masked;

use super::{Payments, capture};

fn path() -> String {
    format!("/v1/payments/{}", ORDER.replace("ord_", "pay_"))
}

#[tokio::test]
async fn payment_is_visible_to_its_parties_and_moderators() {
    let payments = Payments::charging().await;
    assert_eq!(payments.api.get(&path()).by(buyer()).await.status, 404);
    payments.marketplace.advance(capture()).await;
    for actor in [buyer(), seller(), moderator()] {
        let response = payments.api.get(&path()).by(actor).await;
        assert_eq!(response.status, 200, "{actor:?}");
        assert_json_snapshot!("payment", masked(&response.json(), None));
        assert_eq!(response.header("etag").unwrap(), "\"1\"");
    }
    let (another, absent) = (
        payments.api.get(&path()).by(stranger()).await,
        payments.api.get(&path().replace("PQRS", "PQR0")).by(stranger()).await,
    );
    assert_eq!(another.error(), (404, "NOT_FOUND"));
    let not_found = absent.json()["error"].to_string().replace("PQR0", "PQRS");
    assert_eq!(another.json()["error"].to_string(), not_found);
}

#[tokio::test]
async fn payment_requires_token_and_id_and_supports_etags() {
    let payments = Payments::charging().await;
    payments.marketplace.advance(capture()).await;
    assert_eq!(payments.api.get(&path()).await.status, 401);
    for id in ["1", ORDER, "pay_01j8z3k5v0abcdefghjkmnpqrs"] {
        assert_eq!(payments.api.get(&format!("/v1/payments/{id}")).by(buyer()).await.status, 404, "{id}");
    }
    let known = payments.api.get(&path()).by(buyer()).if_none_match("\"1\"").await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
}
