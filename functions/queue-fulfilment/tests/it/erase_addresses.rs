//! Delivery addresses of buyers whose account is deleted.

use serde_json::{Value, json};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{BUYER, PRODUCT, buyer, id, new_id};
use test_support::lambda_event::sqs_record;

use super::Fixture;

/// Batch of one message about the account of the buyer.
fn account_event(name: &str) -> Value {
    json!({ "Records": [sqs_record("fulfilment", name, BUYER, &json!({ "userId": BUYER }))] })
}

#[tokio::test]
async fn erasure_follows_the_deletion_of_the_buyers_account() {
    let fixture = Fixture::open().await;
    let marketplace = &fixture.marketplace;
    let (shipped, digital) = (new_id(), new_id());
    marketplace.order_of(digital, id(PRODUCT), 1, None).await;
    marketplace.shipped_order_at(SystemClock.now(), shipped).await;
    let placed = marketplace.delivery_address(shipped).await.unwrap();
    assert!(fixture.handle(&account_event("user.changed")).await.is_success());
    assert_eq!(marketplace.delivery_address(shipped).await.unwrap(), placed, "the account exists");

    marketplace.delete_account(buyer()).await;
    for _ in 0..2 {
        assert!(fixture.handle(&account_event("user.deleted")).await.is_success());
        let requested = marketplace.delivery_address(shipped).await.unwrap();
        assert!(requested.is_account_deleted && requested.examined_at <= SystemClock.now());
        assert_eq!(requested.version, placed.version.next(), "a repetition changes nothing");
        assert_eq!(marketplace.delivery_address(digital).await, None);
    }
}
