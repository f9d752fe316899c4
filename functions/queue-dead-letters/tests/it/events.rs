//! Every event in `events/queue-dead-letters/`.

use shared::kit::queue::consumer::delivery::{CORRELATION_ATTRIBUTE, REASON_ATTRIBUTE};
use shared::kit::system::clock::Timestamp;
use shared::messaging::event_routing::Subscriber;
use test_support::lambda_event::{cases, of_file};

use super::{handle, open, recorded};

/// What is recorded of each event: the id that the message had first, the reason, and the attempts.
const LETTERS: [(&str, &str, &str, u32); 2] = [
    ("buried", "8f8c6c62-1c1f-4f2b-9a7e-0d6b7c0d9f11", "the message does not read: Data error, column 57", 1),
    (
        "exhausted",
        "059f36b4-87a3-44ab-83d2-661975830a7d",
        "none of the attempts that its queue allows succeeded",
        5,
    ),
];

#[tokio::test]
async fn every_event_is_recorded_as_its_name_says() {
    for (case, message_id, reason, attempts) in LETTERS {
        let scene = open().await;
        let event = of_file("queue-dead-letters", case);
        assert!(handle(&scene.store, &event).await.is_empty(), "{case}");
        let letter = recorded(&scene.reader, Subscriber::Fulfilment).await.remove(0);
        assert_eq!((letter.message_id.as_str(), letter.reason.as_str()), (message_id, reason), "{case}");
        assert_eq!(letter.body, event["Records"][0]["body"].as_str().unwrap(), "{case}");
        assert_eq!(letter.attributes[CORRELATION_ATTRIBUTE], "checkout-7f3a", "{case}");
        assert!(!letter.attributes.contains_key(REASON_ATTRIBUTE), "{case}");
        assert_eq!(letter.attempts, attempts, "{case}");
        assert_eq!(letter.sent_at, Some(Timestamp::from_millis(1_705_937_401_000)), "{case}");
    }
    let sent = LETTERS.map(|(case, ..)| case.to_owned());
    assert_eq!(sent.to_vec(), cases("queue-dead-letters"), "an event is not handled, or does not exist");
}
