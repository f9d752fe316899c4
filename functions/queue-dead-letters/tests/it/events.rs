//! Every event in `events/queue-dead-letters/`.

use shared::kit::queue::consumer::delivery::{CORRELATION_ATTRIBUTE, REASON_ATTRIBUTE};
use shared::kit::system::clock::Timestamp;
use shared::messaging::event_routing::Subscriber;
use test_support::Marketplace;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::{handle, recorded};

/// The dead letter stored for each event: original message id, reason, and number of attempts.
const EXPECTED: [(&str, &str, &str, u32); 2] = [
    (
        "dead-lettered",
        "8f8c6c62-1c1f-4f2b-9a7e-0d6b7c0d9f11",
        "the message cannot be parsed: Data error, column 57",
        1,
    ),
    ("exhausted", "059f36b4-87a3-44ab-83d2-661975830a7d", "all delivery attempts failed", 5),
];

#[tokio::test]
async fn every_event_is_stored_as_a_dead_letter() {
    for (case, message_id, reason, attempts) in EXPECTED {
        let marketplace = Marketplace::empty().await;
        let event = event_from_file("queue-dead-letters", case);
        assert!(handle(&marketplace.store, &event).await.is_empty(), "{case}");
        let dead_letter = recorded(&marketplace.reader, Subscriber::Fulfilment).await.remove(0);
        assert_eq!(
            (dead_letter.message_id.as_str(), dead_letter.reason.as_str()),
            (message_id, reason),
            "{case}"
        );
        assert_eq!(dead_letter.body, event["Records"][0]["body"].as_str().unwrap(), "{case}");
        assert_eq!(dead_letter.attributes[CORRELATION_ATTRIBUTE], "checkout-7f3a", "{case}");
        assert!(!dead_letter.attributes.contains_key(REASON_ATTRIBUTE), "{case}");
        assert_eq!(dead_letter.attempts, attempts, "{case}");
        assert_eq!(dead_letter.sent_at, Some(Timestamp::from_millis(1_705_937_401_000)), "{case}");
    }
    assert_all_cases("queue-dead-letters", EXPECTED.map(|(case, ..)| case));
}
