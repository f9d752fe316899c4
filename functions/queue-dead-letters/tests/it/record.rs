//! Storing dead letters.

use serde_json::json;
use shared::messaging::event_routing::Subscriber;
use test_support::Marketplace;

use super::{dead, handle, recorded};

#[tokio::test]
async fn message_dead_lettered_twice_is_stored_once() {
    let marketplace = Marketplace::empty().await;
    let original = ("originalMessageId", "m1");
    let reason = ("deadLetterReason", "it cannot be parsed");
    let first = json!({ "Records": [dead("copy-1", &[original, reason])] });
    let again = json!({ "Records": [
        dead("copy-1", &[original, reason]),
        dead("copy-2", &[original, reason]),
        dead("m1", &[]),
    ]});
    for event in [first, again] {
        assert!(handle(&marketplace.store, &event).await.is_empty());
    }
    let dead_letters = recorded(&marketplace.reader, Subscriber::Fulfilment).await;
    assert_eq!(dead_letters.len(), 1);
    assert_eq!(
        (dead_letters[0].message_id.as_str(), dead_letters[0].body.as_str()),
        ("m1", "the body of copy-1")
    );
    assert_eq!(dead_letters[0].reason, "it cannot be parsed");
}

#[tokio::test]
async fn every_message_of_a_batch_is_stored_with_its_own_body() {
    let marketplace = Marketplace::empty().await;
    let records: Vec<_> = (0..10).map(|n| dead(&format!("m{n}"), &[])).collect();
    assert!(handle(&marketplace.store, &json!({ "Records": records })).await.is_empty());
    let mut dead_letters: Vec<(String, String)> = recorded(&marketplace.reader, Subscriber::Fulfilment)
        .await
        .into_iter()
        .map(|dead_letter| (dead_letter.message_id, dead_letter.body))
        .collect();
    dead_letters.sort();
    let expected: Vec<_> = (0..10).map(|n| (format!("m{n}"), format!("the body of m{n}"))).collect();
    assert_eq!(dead_letters, expected);
}

#[tokio::test]
async fn malformed_attributes_do_not_prevent_storing() {
    let marketplace = Marketplace::empty().await;
    let hostile = dead("m1", &[("correlationId", "not an id\r\nat all"), ("deadLetterReason", "")]);
    let mut bare = dead("m2", &[]);
    bare["attributes"] = json!({});
    bare["body"] = json!("{");
    assert!(handle(&marketplace.store, &json!({ "Records": [hostile, bare] })).await.is_empty());
    let dead_letters = recorded(&marketplace.reader, Subscriber::Fulfilment).await;
    assert_eq!(dead_letters.len(), 2);
    assert!(dead_letters.iter().any(|dead_letter| dead_letter.body == "{" && dead_letter.sent_at.is_none()));
}

#[tokio::test]
async fn dead_letters_are_listed_by_queue() {
    let marketplace = Marketplace::empty().await;
    let arn = "arn:aws:sqs:eu-central-1:000000000000:agora-analytics-dead-letters";
    let mut elsewhere = dead("m2", &[]);
    elsewhere["eventSourceARN"] = json!(arn);
    assert!(handle(&marketplace.store, &json!({ "Records": [dead("m1", &[]), elsewhere] })).await.is_empty());
    assert_eq!(recorded(&marketplace.reader, Subscriber::Fulfilment).await[0].message_id, "m1");
    assert_eq!(recorded(&marketplace.reader, Subscriber::Analytics).await[0].message_id, "m2");
}

#[tokio::test]
async fn message_from_unknown_queue_fails_without_affecting_others() {
    let marketplace = Marketplace::empty().await;
    let mut unknown = dead("m1", &[]);
    unknown["eventSourceARN"] = json!("arn:aws:sqs:eu-central-1:000000000000:agora-other-dead-letters");
    let records = json!({ "Records": [unknown, dead("m2", &[])] });
    assert_eq!(handle(&marketplace.store, &records).await, ["m1"]);
    assert_eq!(recorded(&marketplace.reader, Subscriber::Fulfilment).await[0].message_id, "m2");
}

#[tokio::test]
async fn all_messages_fail_while_the_table_does_not_respond() {
    let marketplace = Marketplace::empty().await;
    let store = marketplace.store.clone();
    drop(marketplace);
    let records = ["m1", "m2"].map(|id| dead(id, &[]));
    assert_eq!(handle(&store, &json!({ "Records": records })).await, ["m1", "m2"]);
}
