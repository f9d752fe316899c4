//! Idempotency records: commands executed once and replayed.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::kit::command::{CommandContext, ExecuteError, Executed, IdempotencyRecord, Key, Store};
use shared::kit::system::clock::{Clock, SystemClock};

use crate::fixture::{Fixture, context, idempotent};
use crate::toy_domain::{CreatePurse, Effect, NoChange, Save};

#[tokio::test]
async fn replay_is_one_read_and_returns_the_original_output() {
    let fixture = Fixture::open().await;
    let first = fixture.store.execute(Save::into("a", 5), &idempotent("request 1", "f")).await.unwrap();
    fixture.store.execute(Save::into("a", 1), &context()).await.unwrap();
    let before = fixture.items().await;
    fixture.requests();
    let second = fixture.store.execute(Save::into("a", 5), &idempotent("request 1", "f")).await.unwrap();
    assert_eq!(second, Executed::Replayed(first.into_output()));
    assert_eq!(fixture.requests(), ["BatchGetItem"]);
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn key_reused_for_another_command_is_refused() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("a", 5), &idempotent("request 1", "f")).await.unwrap();
    let before = fixture.items().await;
    let result = fixture.store.execute(Save::into("a", 6), &idempotent("request 1", "g")).await;
    assert!(matches!(result, Err(ExecuteError::KeyReused)), "{result:?}");
    // The same applies if only the transaction finds the record.
    let raced = fixture.store.execute_on(None, Save::into("b", 6), &idempotent("request 1", "g")).await;
    assert!(matches!(raced, Err(ExecuteError::KeyReused)), "{raced:?}");
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn expired_record_not_yet_deleted_is_ignored() {
    let fixture = Fixture::open().await;
    let mut expired = idempotent("request 1", "f");
    let at = expired.at;
    expired.idempotency_record.as_mut().unwrap().expires_at = at.saturating_sub(Duration::from_secs(2));
    fixture.store.execute(Save::into("a", 5), &expired).await.unwrap();
    let again = fixture.store.execute(Save::into("a", 6), &idempotent("request 1", "g")).await.unwrap();
    assert!(!again.is_replayed());
    assert_eq!(again.into_output().coins, 11);
    let replayed = fixture.store.execute(Save::into("a", 6), &idempotent("request 1", "g")).await.unwrap();
    assert!(replayed.is_replayed());
    assert_eq!(fixture.items_of("idempotency-record").await.len(), 1);
}

#[tokio::test]
async fn one_of_twenty_concurrent_executions_has_an_effect() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 100), &context()).await.unwrap();
    let save = Save::into("a", 5).with(Effect::Spend("p", 5)).with(Effect::Claim("l"));
    let results = join_all((0..20).map(|_| {
        let (store, save) = (fixture.store.clone(), save.clone());
        async move { store.execute(save, &idempotent("request 1", "f")).await.unwrap() }
    }))
    .await;
    assert_eq!(results.iter().filter(|done| !done.is_replayed()).count(), 1);
    for done in results {
        let jar = done.into_output();
        assert_eq!((jar.version.get(), jar.coins), (1, 5));
    }
    assert_eq!(fixture.items_of("purse").await[0]["coins"], 95);
    assert_eq!(fixture.items_of("outbox-event").await.len(), 1);
}

#[tokio::test]
async fn replay_ignores_conditions_that_fail_now() {
    let fixture = Fixture::open().await;
    let save = Save::into("a", 5).with(Effect::Claim("l"));
    let first =
        fixture.store.execute(save.clone(), &idempotent("request 1", "f")).await.unwrap().into_output();
    fixture.requests();
    // Every condition fails now, including that of the idempotency record, which takes precedence.
    let again = fixture.store.execute_on(None, save, &idempotent("request 1", "f")).await.unwrap();
    assert_eq!(again, Executed::Replayed(first));
    assert_eq!(fixture.requests(), ["TransactWriteItems"]);
}

#[tokio::test]
async fn refused_command_stores_no_record() {
    let fixture = Fixture::open().await;
    let save = Save::into("a", 5).with(Effect::Spend("p", 5));
    assert!(fixture.store.execute(save.clone(), &idempotent("request 1", "f")).await.is_err());
    fixture.store.execute(CreatePurse("p", 5), &context()).await.unwrap();
    let done = fixture.store.execute(save, &idempotent("request 1", "f")).await.unwrap();
    assert!(!done.is_replayed());
}

#[tokio::test]
async fn empty_change_stores_a_record() {
    let fixture = Fixture::open().await;
    assert!(!fixture.store.execute(NoChange, &idempotent("request 1", "f")).await.unwrap().is_replayed());
    assert!(fixture.store.execute(NoChange, &idempotent("request 1", "f")).await.unwrap().is_replayed());
}

#[tokio::test]
async fn record_is_stored_with_output_and_expiry() {
    let fixture = Fixture::open().await;
    let now = SystemClock.now();
    let of_request = IdempotencyRecord::for_request("usr_1", "POST /v1/jars", "k1", "digest".to_owned(), now);
    let of_message = IdempotencyRecord::for_message("queue-jars", "jar_1.1", now);
    for record in [of_request, of_message] {
        let context = CommandContext { idempotency_record: Some(record), ..context() };
        fixture.store.execute(NoChange, &context).await.unwrap();
    }
    let pk = "idempotency#http usr_1 POST /v1/jars k1";
    let expected = json!({
        "pk": pk,
        "sk": "idempotency-record",
        "kind": "idempotency-record",
        "fingerprint": "digest",
        "answer": "\"done\"",
        "ttl": now.as_seconds() + 24 * 3_600,
    });
    let key = |pk: &str| Key { pk: pk.to_owned(), sk: "idempotency-record".to_owned() };
    assert_eq!(fixture.item(&key(pk)).await, expected);
    let pk = "idempotency#message queue-jars jar_1.1";
    let expected = json!({
        "pk": pk,
        "sk": "idempotency-record",
        "kind": "idempotency-record",
        "fingerprint": null,
        "answer": "\"done\"",
        "ttl": now.as_seconds() + 30 * 24 * 3_600,
    });
    assert_eq!(fixture.item(&key(pk)).await, expected);
}
