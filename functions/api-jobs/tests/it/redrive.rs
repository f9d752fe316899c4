//! `POST /v1/dead-letters/{id}/redrive`.

use futures::future::join_all;
use shared::domain::values::actor::Actor;
use shared::messaging::dead_letter::DeadLetterStatus;
use test_support::fixture::{admin, id, moderator};
use test_support::lambda_event::RouterResponse;

use super::{DEAD_LETTER, Jobs, path};

impl Jobs {
    /// Redrives the dead letter as `by`.
    async fn redrive_one(&self, by: Actor, id: &str, key: &str) -> RouterResponse {
        let path = format!("{}/redrive", path(id));
        self.api.post(&path).by(by).key(key).await
    }
}

#[tokio::test]
async fn redrive_publishes_the_unchanged_message() {
    let jobs = Jobs::open().await;
    let response = jobs.redrive_one(admin(), DEAD_LETTER, "k1").await;
    assert_eq!((response.status.as_u16(), response.header("etag").unwrap()), (200, "\"2\"".to_owned()));
    let shown = response.json()["data"].clone();
    assert_eq!((&shown["status"], &shown["version"]), (&"redriven".into(), &2.into()));
    assert_eq!(shown["redrives"][0]["by"], admin().user.to_string());
    let sent = jobs.unpublished("dead_letter.").await;
    assert_eq!((sent.len(), sent[0].event.as_str()), (1, "dead_letter.redriven.fulfilment"));
    assert_eq!(sent[0].body, format!("the body of {DEAD_LETTER}"));
    let attributes = [("correlationId", "checkout-7f3a"), ("event", "order.created")];
    let redrive = format!("{DEAD_LETTER}.2");
    let expected = attributes.into_iter().chain([("redriveOf", redrive.as_str())]);
    assert!(expected.eq(sent[0].attributes.iter().map(|(name, text)| (name.as_str(), text.as_str()))));
}

#[tokio::test]
async fn concurrent_redrives_send_the_message_once() {
    let jobs = Jobs::open().await;
    let keys: Vec<String> = (0..10).map(|n| format!("k{}", n % 5)).collect();
    let responses = join_all(keys.iter().map(|key| jobs.redrive_one(admin(), DEAD_LETTER, key))).await;
    let done: Vec<&RouterResponse> = responses.iter().filter(|response| response.status == 200).collect();
    assert!((1..=2).contains(&done.len()), "one request and its repetition");
    let refused = responses.iter().filter(|response| response.status != 200);
    for response in refused {
        assert_eq!(response.status, 409, "{}", response.code());
    }
    assert_eq!(jobs.unpublished("dead_letter.").await.len(), 1);
    let later = jobs.redrive_one(admin(), DEAD_LETTER, "another").await;
    assert_eq!(later.error(), (409, "INVALID_STATE"));
    assert_eq!(jobs.stored(id(DEAD_LETTER)).await.unwrap().redrives.len(), 1);
}

#[tokio::test]
async fn key_replays_its_response_and_fits_no_other_request() {
    let jobs = Jobs::open().await;
    let first = jobs.redrive_one(admin(), DEAD_LETTER, "k1").await;
    let again = jobs.redrive_one(admin(), DEAD_LETTER, "k1").await;
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    assert_eq!(again.header("idempotent-replay").unwrap(), "true");
    let other = jobs.record_many(1).await[0].to_string();
    let refused = jobs.redrive_one(admin(), &other, "k1").await;
    assert_eq!(refused.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(jobs.unpublished("dead_letter.").await.len(), 1);
}

#[tokio::test]
async fn redrive_requires_permission_key_and_dead_letter() {
    let jobs = Jobs::open().await;
    let refused = jobs.redrive_one(moderator(), DEAD_LETTER, "k1").await;
    assert_eq!(refused.error(), (403, "FORBIDDEN"));
    let absent = jobs.redrive_one(admin(), &DEAD_LETTER.replace("QRS", "QR0"), "k1").await;
    assert_eq!(absent.error(), (404, "NOT_FOUND"));
    let unkeyed = jobs.api.post(&format!("{}/redrive", path(DEAD_LETTER))).by(admin()).await;
    assert_eq!(unkeyed.error(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    assert!(jobs.unpublished("dead_letter.").await.is_empty());
    assert_eq!(jobs.stored(id(DEAD_LETTER)).await.unwrap().status, DeadLetterStatus::Dead);
}
