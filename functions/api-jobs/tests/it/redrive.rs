//! `POST /v1/dead-letters/{id}/redrive`.

use futures::future::join_all;
use shared::domain::values::actor::Actor;
use shared::messaging::dead_letter::DeadLetterStatus;
use test_support::fixture::{id, moderator};
use test_support::lambda_event::Answer;

use super::{Jobs, LETTER, admin, error, path};

impl Jobs {
    /// The answer to somebody who has the letter redriven.
    async fn redrive_one(&self, by: Actor, letter: &str, key: &str) -> Answer {
        let path = format!("{}/redrive", path(letter));
        self.ask(by, ("POST", &path), &[("idempotency-key", key)], None).await
    }
}

#[tokio::test]
async fn a_redriven_message_waits_to_be_sent_as_it_was_and_its_letter_says_by_whom() {
    let jobs = Jobs::open().await;
    let answer = jobs.redrive_one(admin(), LETTER, "k1").await;
    assert_eq!((answer.status.as_u16(), answer.header("etag").unwrap()), (200, "\"2\"".to_owned()));
    let shown = answer.json()["data"].clone();
    assert_eq!((&shown["status"], &shown["version"]), (&"redriven".into(), &2.into()));
    assert_eq!(shown["redrives"][0]["by"], admin().user.to_string());
    let sent = jobs.sent().await;
    assert_eq!((sent.len(), sent[0].event.as_str()), (1, "dead_letter.redriven.fulfilment"));
    assert_eq!(sent[0].body, format!("the body of {LETTER}"));
    let beside = [("correlationId", "checkout-7f3a"), ("event", "order.created")];
    let redrive = format!("{LETTER}.2");
    let expected = beside.into_iter().chain([("redriveOf", redrive.as_str())]);
    assert!(expected.eq(sent[0].attributes.iter().map(|(name, text)| (name.as_str(), text.as_str()))));
}

#[tokio::test]
async fn a_letter_is_redriven_once_however_often_and_by_how_many_at_once() {
    let jobs = Jobs::open().await;
    let keys: Vec<String> = (0..10).map(|n| format!("k{}", n % 5)).collect();
    let answers = join_all(keys.iter().map(|key| jobs.redrive_one(admin(), LETTER, key))).await;
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!((1..=2).contains(&done.len()), "one key, and its repetition");
    let refused = answers.iter().filter(|answer| answer.status != 200);
    for answer in refused {
        assert_eq!(answer.status, 409, "{}", answer.code());
    }
    assert_eq!(jobs.sent().await.len(), 1);
    let later = jobs.redrive_one(admin(), LETTER, "another").await;
    assert_eq!(error(&later), (409, "INVALID_STATE".to_owned()));
    assert_eq!(jobs.stored(id(LETTER)).await.unwrap().redrives.len(), 1);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_the_same_key_no_other_letter() {
    let jobs = Jobs::open().await;
    let first = jobs.redrive_one(admin(), LETTER, "k1").await;
    let again = jobs.redrive_one(admin(), LETTER, "k1").await;
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    assert_eq!(again.header("idempotent-replay").unwrap(), "true");
    let other = jobs.recorded(1).await[0].to_string();
    let refused = jobs.redrive_one(admin(), &other, "k1").await;
    assert_eq!(error(&refused), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
    assert_eq!(jobs.sent().await.len(), 1);
}

#[tokio::test]
async fn only_who_may_redrives_and_only_what_is_there() {
    let jobs = Jobs::open().await;
    let refused = jobs.redrive_one(moderator(), LETTER, "k1").await;
    assert_eq!(error(&refused), (403, "FORBIDDEN".to_owned()));
    let absent = jobs.redrive_one(admin(), &LETTER.replace("QRS", "QR0"), "k1").await;
    assert_eq!(error(&absent), (404, "NOT_FOUND".to_owned()));
    let unkeyed = jobs.ask(admin(), ("POST", &format!("{}/redrive", path(LETTER))), &[], None).await;
    assert_eq!(error(&unkeyed), (400, "IDEMPOTENCY_KEY_REQUIRED".to_owned()));
    assert!(jobs.sent().await.is_empty());
    assert_eq!(jobs.stored(id(LETTER)).await.unwrap().status, DeadLetterStatus::Dead);
}
