//! Dead letters.

use serde_json::json;
use shared::messaging::event_routing::Subscriber;

use super::{dead, handle, open, recorded};

#[tokio::test]
async fn a_message_is_recorded_once_however_often_it_is_buried_and_delivered() {
    let scene = open().await;
    let original = ("originalMessageId", "m1");
    let reason = ("deadLetterReason", "it does not read");
    let first = json!({ "Records": [dead("burial-1", &[original, reason])] });
    let again = json!({ "Records": [
        dead("burial-1", &[original, reason]),
        dead("burial-2", &[original, reason]),
        dead("m1", &[]),
    ]});
    for event in [first, again] {
        assert!(handle(&scene.store, &event).await.is_empty());
    }
    let letters = recorded(&scene.reader, Subscriber::Fulfilment).await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].message_id.as_str(), letters[0].body.as_str()), ("m1", "the body of burial-1"));
    assert_eq!(letters[0].reason, "it does not read");
}

#[tokio::test]
async fn a_batch_is_recorded_whole_each_message_with_its_own_body() {
    let scene = open().await;
    let records: Vec<_> = (0..10).map(|n| dead(&format!("m{n}"), &[])).collect();
    assert!(handle(&scene.store, &json!({ "Records": records })).await.is_empty());
    let mut letters: Vec<(String, String)> = recorded(&scene.reader, Subscriber::Fulfilment)
        .await
        .into_iter()
        .map(|letter| (letter.message_id, letter.body))
        .collect();
    letters.sort();
    let expected: Vec<_> = (0..10).map(|n| (format!("m{n}"), format!("the body of m{n}"))).collect();
    assert_eq!(letters, expected);
}

#[tokio::test]
async fn what_its_sender_noted_does_not_keep_a_message_from_being_recorded() {
    let scene = open().await;
    let hostile = dead("m1", &[("correlationId", "not an id\r\nat all"), ("deadLetterReason", "")]);
    let mut bare = dead("m2", &[]);
    bare["attributes"] = json!({});
    bare["body"] = json!("{");
    assert!(handle(&scene.store, &json!({ "Records": [hostile, bare] })).await.is_empty());
    let letters = recorded(&scene.reader, Subscriber::Fulfilment).await;
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().any(|letter| letter.body == "{" && letter.sent_at.is_none()));
}

#[tokio::test]
async fn letters_are_listed_by_the_queue_that_they_died_in() {
    let scene = open().await;
    let arn = "arn:aws:sqs:eu-central-1:000000000000:agora-analytics-dead-letters";
    let mut elsewhere = dead("m2", &[]);
    elsewhere["eventSourceARN"] = json!(arn);
    assert!(handle(&scene.store, &json!({ "Records": [dead("m1", &[]), elsewhere] })).await.is_empty());
    assert_eq!(recorded(&scene.reader, Subscriber::Fulfilment).await[0].message_id, "m1");
    assert_eq!(recorded(&scene.reader, Subscriber::Analytics).await[0].message_id, "m2");
}

#[tokio::test]
async fn what_comes_through_a_queue_that_is_not_known_stays_there_and_stops_nobody() {
    let scene = open().await;
    let mut strange = dead("m1", &[]);
    strange["eventSourceARN"] = json!("arn:aws:sqs:eu-central-1:000000000000:agora-other-dead-letters");
    let records = json!({ "Records": [strange, dead("m2", &[])] });
    assert_eq!(handle(&scene.store, &records).await, ["m1"]);
    assert_eq!(recorded(&scene.reader, Subscriber::Fulfilment).await[0].message_id, "m2");
}

#[tokio::test]
async fn nothing_is_lost_while_the_table_does_not_answer() {
    let scene = open().await;
    let store = scene.store.clone();
    drop(scene);
    let records = ["m1", "m2"].map(|id| dead(id, &[]));
    assert_eq!(handle(&store, &json!({ "Records": records })).await, ["m1", "m2"]);
}
