//! Load, decide, commit once.

use std::collections::BTreeSet;

use futures::future::join_all;
use shared::kit::command::{ExecuteError, Executed, ReadSet, Record, Store, StoreError, Version};

use crate::fixture::{Fixture, cause, once};
use crate::toy_domain::{Also, Jar, Purse, Refusal, Save, Shake};

#[tokio::test]
async fn a_commit_is_one_read_and_one_transaction_with_the_entity_its_event_and_the_receipt() {
    let ground = Fixture::open().await;
    let done = ground.store.execute(Save::into("a", 5), &once("request 1", "f")).await.unwrap();
    let jar = Jar { id: "a".to_owned(), version: Version::FIRST, coins: 5 };
    assert_eq!(done, Executed::Committed(jar));
    assert_eq!(ground.requests(), ["BatchGetItem", "TransactWriteItems"]);
    let kinds: BTreeSet<String> =
        ground.items().await.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["jar", "outbox-event", "receipt"].map(str::to_owned).into());
    assert_eq!(ground.items().await.len(), 3);
}

#[tokio::test]
async fn what_nobody_hears_is_not_stored() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("a", 5), &cause()).await.unwrap();
    let shake = Shake { jar: "a".to_owned(), stubbornly: false };
    let version = ground.store.execute(shake, &cause()).await.unwrap().into_output();
    assert_eq!(version, Version::FIRST.next());
    assert_eq!(ground.items_of("outbox-event").await.len(), 1);
    assert_eq!(ground.items_of("jar").await[0]["version"], 2);
}

#[tokio::test]
async fn concurrent_commands_on_one_entity_are_all_applied_one_version_each() {
    let ground = Fixture::open().await;
    let done = join_all((1..=10).map(|coins| {
        let store = ground.store.clone();
        async move { store.execute(Save::into("a", coins), &cause()).await.unwrap().into_output() }
    }))
    .await;
    let mut versions: Vec<u64> = done.iter().map(|jar| jar.version.get()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=10).collect::<Vec<u64>>());
    let jar: Option<Jar> = ground.store.load(ReadSet::get(&"a".to_owned())).await.unwrap();
    assert_eq!(jar.unwrap().coins, 55);
    assert_eq!(ground.items_of("outbox-event").await.len(), 10);
}

#[tokio::test]
async fn a_decision_on_stale_state_is_made_again() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("a", 5), &cause()).await.unwrap();
    ground.requests();
    let done = ground.store.execute_on(None, Save::into("a", 7), &cause()).await.unwrap().into_output();
    assert_eq!((done.version.get(), done.coins), (2, 12));
    assert_eq!(ground.requests(), ["TransactWriteItems", "BatchGetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn a_decision_on_state_that_holds_needs_no_read() {
    let ground = Fixture::open().await;
    let jar = ground.store.execute(Save::into("a", 5), &cause()).await.unwrap().into_output();
    ground.requests();
    let done = ground.store.execute_on(Some(jar), Save::into("a", 7), &cause()).await.unwrap();
    assert_eq!(done.into_output().coins, 12);
    assert_eq!(ground.requests(), ["TransactWriteItems"]);
}

#[tokio::test]
async fn who_loses_every_race_gives_up_after_ten_attempts_and_writes_nothing() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("a", 5), &cause()).await.unwrap();
    ground.store.execute(Save::into("a", 5), &cause()).await.unwrap();
    let before = ground.items().await;
    ground.requests();
    let stubborn = Shake { jar: "a".to_owned(), stubbornly: true };
    let ended = ground.store.execute(stubborn, &once("request 1", "f")).await;
    assert!(matches!(ended, Err(ExecuteError::Contention)), "{ended:?}");
    let transactions = ground.requests().iter().filter(|name| *name == "TransactWriteItems").count();
    assert_eq!(transactions, 10);
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn a_change_of_nothing_asks_for_nothing() {
    let ground = Fixture::open().await;
    let done = ground.store.execute(crate::toy_domain::Nothing, &cause()).await.unwrap();
    assert_eq!(done, Executed::Committed("seen".to_owned()));
    assert!(ground.requests().is_empty());
}

#[tokio::test]
async fn a_change_of_more_than_a_hundred_items_is_refused_before_it_is_sent() {
    let ground = Fixture::open().await;
    // The jar and its event make two.
    let fits = Save::into("a", 1).also(Also::Fill(98));
    ground.store.execute(fits, &cause()).await.unwrap();
    let before = ground.items().await;
    ground.requests();
    let ended = ground.store.execute(Save::into("a", 1).also(Also::Fill(99)), &cause()).await;
    assert!(matches!(ended, Err(ExecuteError::Store(StoreError::Rejected(_)))), "{ended:?}");
    assert_eq!(ground.requests(), ["BatchGetItem"]);
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn counters_are_exact_under_concurrency() {
    let ground = Fixture::open().await;
    ground.store.execute(crate::toy_domain::Own("p", 10), &cause()).await.unwrap();
    let spent = join_all((0..15).map(|n| {
        let store = ground.store.clone();
        async move {
            let save = Save::into(&format!("jar-{n}"), 1).also(Also::Spend("p", 1));
            store.execute(save, &cause()).await
        }
    }))
    .await;
    let refused =
        spent.iter().filter(|ended| matches!(ended, Err(ExecuteError::Refused(Refusal::TooLittle)))).count();
    assert_eq!((spent.iter().filter(|ended| ended.is_ok()).count(), refused), (10, 5));
    let purse = ground.item(&Purse::key(&"p".to_owned())).await;
    assert_eq!((&purse["coins"], &purse["spent"]), (&0.into(), &10.into()));
    assert_eq!(ground.items_of("jar").await.len(), 10);
}
