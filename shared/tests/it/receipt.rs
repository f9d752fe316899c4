//! Done once, however often it is asked for.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::kit::command::{CommandContext, ExecuteError, Executed, IdempotencyRecord, Key, Store};
use shared::kit::system::clock::{Clock, SystemClock};

use crate::fixture::{Fixture, cause, once};
use crate::toy_domain::{Also, Nothing, Own, Save};

#[tokio::test]
async fn a_receipt_is_answered_with_one_read_and_what_was_said_then() {
    let ground = Fixture::open().await;
    let first = ground.store.execute(Save::into("a", 5), &once("request 1", "f")).await.unwrap();
    ground.store.execute(Save::into("a", 1), &cause()).await.unwrap();
    let before = ground.items().await;
    ground.requests();
    let second = ground.store.execute(Save::into("a", 5), &once("request 1", "f")).await.unwrap();
    assert_eq!(second, Executed::Replayed(first.into_output()));
    assert_eq!(ground.requests(), ["BatchGetItem"]);
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn a_name_that_was_used_for_something_else_is_refused() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("a", 5), &once("request 1", "f")).await.unwrap();
    let before = ground.items().await;
    let ended = ground.store.execute(Save::into("a", 6), &once("request 1", "g")).await;
    assert!(matches!(ended, Err(ExecuteError::KeyReused)), "{ended:?}");
    // As well when the receipt is met only by the transaction.
    let raced = ground.store.execute_on(None, Save::into("b", 6), &once("request 1", "g")).await;
    assert!(matches!(raced, Err(ExecuteError::KeyReused)), "{raced:?}");
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn a_receipt_that_has_lapsed_and_is_not_deleted_yet_counts_for_nothing() {
    let ground = Fixture::open().await;
    let mut lapsed = once("request 1", "f");
    lapsed.receipt.as_mut().unwrap().expires_at = SystemClock.now().saturating_sub(Duration::from_secs(2));
    ground.store.execute(Save::into("a", 5), &lapsed).await.unwrap();
    let again = ground.store.execute(Save::into("a", 6), &once("request 1", "g")).await.unwrap();
    assert!(!again.is_replayed());
    assert_eq!(again.into_output().coins, 11);
    let replayed = ground.store.execute(Save::into("a", 6), &once("request 1", "g")).await.unwrap();
    assert!(replayed.is_replayed());
    assert_eq!(ground.items_of("receipt").await.len(), 1);
}

#[tokio::test]
async fn of_twenty_executions_at_once_one_has_an_effect_and_all_have_its_answer() {
    let ground = Fixture::open().await;
    ground.store.execute(Own("p", 100), &cause()).await.unwrap();
    let save = Save::into("a", 5).also(Also::Spend("p", 5)).also(Also::Claim("l"));
    let ended = join_all((0..20).map(|_| {
        let (store, save) = (ground.store.clone(), save.clone());
        async move { store.execute(save, &once("request 1", "f")).await.unwrap() }
    }))
    .await;
    assert_eq!(ended.iter().filter(|done| !done.is_replayed()).count(), 1);
    for done in ended {
        let jar = done.into_output();
        assert_eq!((jar.version.get(), jar.coins), (1, 5));
    }
    assert_eq!(ground.items_of("purse").await[0]["coins"], 95);
    assert_eq!(ground.items_of("outbox-event").await.len(), 1);
}

#[tokio::test]
async fn what_was_done_is_never_refused_afterwards() {
    let ground = Fixture::open().await;
    let save = Save::into("a", 5).also(Also::Claim("l")).also(Also::New);
    let first = ground.store.execute(save.clone(), &once("request 1", "f")).await.unwrap().into_output();
    ground.requests();
    // Every condition fails by now, and so does the receipt's: it is the one that counts.
    let again = ground.store.execute_on(None, save, &once("request 1", "f")).await.unwrap();
    assert_eq!(again, Executed::Replayed(first));
    assert_eq!(ground.requests(), ["TransactWriteItems"]);
}

#[tokio::test]
async fn a_refused_command_leaves_no_receipt() {
    let ground = Fixture::open().await;
    let save = Save::into("a", 5).also(Also::Spend("p", 5));
    assert!(ground.store.execute(save.clone(), &once("request 1", "f")).await.is_err());
    ground.store.execute(Own("p", 5), &cause()).await.unwrap();
    let done = ground.store.execute(save, &once("request 1", "f")).await.unwrap();
    assert!(!done.is_replayed());
}

#[tokio::test]
async fn a_change_of_nothing_has_a_receipt_all_the_same() {
    let ground = Fixture::open().await;
    assert!(!ground.store.execute(Nothing, &once("request 1", "f")).await.unwrap().is_replayed());
    assert!(ground.store.execute(Nothing, &once("request 1", "f")).await.unwrap().is_replayed());
}

#[tokio::test]
async fn a_receipt_is_stored_with_the_answer_and_the_time_it_lapses() {
    let ground = Fixture::open().await;
    let now = SystemClock.now();
    let of_request = IdempotencyRecord::for_request("usr_1", "POST /v1/jars", "k1", "digest".to_owned(), now);
    let of_message = IdempotencyRecord::for_message("queue-jars", "jar_1.1", now);
    for receipt in [of_request, of_message] {
        let because = CommandContext { receipt: Some(receipt), ..cause() };
        ground.store.execute(Nothing, &because).await.unwrap();
    }
    let pk = "receipt#http usr_1 POST /v1/jars k1";
    let expected = json!({
        "pk": pk,
        "sk": "receipt",
        "kind": "receipt",
        "fingerprint": "digest",
        "answer": "\"seen\"",
        "ttl": now.as_seconds() + 24 * 3_600,
    });
    let key = |pk: &str| Key { pk: pk.to_owned(), sk: "receipt".to_owned() };
    assert_eq!(ground.item(&key(pk)).await, expected);
    let pk = "receipt#message queue-jars jar_1.1";
    let expected = json!({
        "pk": pk,
        "sk": "receipt",
        "kind": "receipt",
        "fingerprint": null,
        "answer": "\"seen\"",
        "ttl": now.as_seconds() + 30 * 24 * 3_600,
    });
    assert_eq!(ground.item(&key(pk)).await, expected);
}
