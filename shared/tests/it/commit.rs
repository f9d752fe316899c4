//! Execution of a command: load, decide, commit.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;
use shared::kit::aws::dynamodb::DEFAULT_EVENT_RETENTION;
use shared::kit::aws::dynamodb::schema::event_log_partition;
use shared::kit::command::{ExecuteError, Executed, ReadSet, Record, Store, StoreError, Version};

use crate::fixture::{Fixture, context, idempotent, moment};
use crate::toy_domain::{CreatePurse, Effect, Jar, Purse, Refusal, Save, Shake};

#[tokio::test]
async fn commit_writes_entity_event_and_record_in_one_transaction() {
    let fixture = Fixture::open().await;
    let done = fixture.store.execute(Save::into("a", 5), &idempotent("request 1", "f")).await.unwrap();
    let jar = Jar { id: "a".to_owned(), version: Version::FIRST, coins: 5 };
    assert_eq!(done, Executed::Committed(jar));
    assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems"]);
    let kinds: BTreeSet<String> =
        fixture.items().await.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["jar", "outbox-event", "idempotency-record"].map(str::to_owned).into());
    assert_eq!(fixture.items().await.len(), 3);
}

#[tokio::test]
async fn event_without_subscribers_is_logged_in_the_commit() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("a", 5), &context()).await.unwrap();
    let shake = Shake { jar: "a".to_owned(), from_first_version: false };
    fixture.write_units();
    let version = fixture.store.execute(shake, &context()).await.unwrap().into_output();
    assert_eq!(version, Version::FIRST.next());
    assert_eq!(fixture.items_of("outbox-event").await.len(), 1);
    // The jar and the event take two each, and one for the entry in the index.
    let units = fixture.write_units();
    assert!((units - 6.0).abs() < f64::EPSILON, "{units}");
    let mut logged = fixture.items_of("logged-event").await;
    assert_eq!(logged.len(), 1);
    let body = logged[0].as_object_mut().unwrap().remove("body").unwrap();
    let body: serde_json::Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    assert_eq!((&body["id"], &body["type"]), (&json!("a.2"), &json!("jar.shaken")));
    let sort = "2027-01-15T08:00:00.000Z#a.2";
    let expected = json!({
        "pk": event_log_partition("platform", "2027-01-15", "a"),
        "sk": sort,
        "kind": "logged-event",
        "event": "jar.shaken",
        "parentKey": "events#a",
        "parentSort": sort,
        "ttl": moment().saturating_add(DEFAULT_EVENT_RETENTION).as_seconds(),
    });
    assert_eq!(logged[0], expected);
    assert_eq!(fixture.items_of("jar").await[0]["version"], 2);
}

#[tokio::test]
async fn concurrent_commands_on_one_entity_are_all_applied() {
    let fixture = Fixture::open().await;
    let done = join_all((1..=10).map(|coins| {
        let store = fixture.store.clone();
        async move { store.execute(Save::into("a", coins), &context()).await.unwrap().into_output() }
    }))
    .await;
    let mut versions: Vec<u64> = done.iter().map(|jar| jar.version.get()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=10).collect::<Vec<u64>>());
    let jar: Option<Jar> = fixture.store.load(ReadSet::get(&"a".to_owned())).await.unwrap();
    assert_eq!(jar.unwrap().coins, 55);
    assert_eq!(fixture.items_of("outbox-event").await.len(), 10);
}

#[tokio::test]
async fn stale_state_is_reloaded_and_decided_again() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("a", 5), &context()).await.unwrap();
    fixture.requests();
    let done = fixture.store.execute_on(None, Save::into("a", 7), &context()).await.unwrap().into_output();
    assert_eq!((done.version.get(), done.coins), (2, 12));
    assert_eq!(fixture.requests(), ["TransactWriteItems", "BatchGetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn current_state_needs_no_read() {
    let fixture = Fixture::open().await;
    let jar = fixture.store.execute(Save::into("a", 5), &context()).await.unwrap().into_output();
    fixture.requests();
    let done = fixture.store.execute_on(Some(jar), Save::into("a", 7), &context()).await.unwrap();
    assert_eq!(done.into_output().coins, 12);
    assert_eq!(fixture.requests(), ["TransactWriteItems"]);
}

#[tokio::test]
async fn permanent_conflict_fails_after_ten_attempts() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("a", 5), &context()).await.unwrap();
    fixture.store.execute(Save::into("a", 5), &context()).await.unwrap();
    let before = fixture.items().await;
    fixture.requests();
    let conflicting = Shake { jar: "a".to_owned(), from_first_version: true };
    let result = fixture.store.execute(conflicting, &idempotent("request 1", "f")).await;
    assert!(matches!(result, Err(ExecuteError::Contention)), "{result:?}");
    let transactions = fixture.requests().iter().filter(|name| *name == "TransactWriteItems").count();
    assert_eq!(transactions, 10);
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn empty_change_sends_no_request() {
    let fixture = Fixture::open().await;
    let done = fixture.store.execute(crate::toy_domain::NoChange, &context()).await.unwrap();
    assert_eq!(done, Executed::Committed("done".to_owned()));
    assert!(fixture.requests().is_empty());
}

#[tokio::test]
async fn change_of_over_a_hundred_items_is_rejected_locally() {
    let fixture = Fixture::open().await;
    // The jar and its event make two.
    let fits = Save::into("a", 1).with(Effect::Fill(98));
    fixture.store.execute(fits, &context()).await.unwrap();
    let before = fixture.items().await;
    fixture.requests();
    let result = fixture.store.execute(Save::into("a", 1).with(Effect::Fill(99)), &context()).await;
    assert!(matches!(result, Err(ExecuteError::Store(StoreError::Rejected(_)))), "{result:?}");
    assert_eq!(fixture.requests(), ["BatchGetItem"]);
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn counters_are_exact_under_concurrency() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 10), &context()).await.unwrap();
    let results = join_all((0..15).map(|n| {
        let store = fixture.store.clone();
        async move {
            let save = Save::into(&format!("jar-{n}"), 1).with(Effect::Spend("p", 1));
            store.execute(save, &context()).await
        }
    }))
    .await;
    let refused = results
        .iter()
        .filter(|result| matches!(result, Err(ExecuteError::Refused(Refusal::TooLittle))))
        .count();
    assert_eq!((results.iter().filter(|result| result.is_ok()).count(), refused), (10, 5));
    let purse = fixture.item(&Purse::key(&"p".to_owned())).await;
    assert_eq!((&purse["coins"], &purse["spent"]), (&0.into(), &10.into()));
    assert_eq!(fixture.items_of("jar").await.len(), 10);
}

#[tokio::test]
async fn write_of_an_absent_optional_item_is_left_out() {
    for grouped in [false, true] {
        let fixture = Fixture::open().await;
        let store = fixture.store.clone();
        let store = if grouped { store.with_group_commit() } else { store };
        store.execute(CreatePurse("p", 5), &context()).await.unwrap();
        fixture.requests();
        let effects =
            [Effect::SpendIfExists("q", 1), Effect::SpendIfExists("p", 2), Effect::SpendIfExists("r", 1)];
        let save = effects.into_iter().fold(Save::into("a", 1), Save::with);
        let done = store.execute(save.clone(), &idempotent("request 1", "f")).await.unwrap();
        assert_eq!(done.committed().map(|jar| jar.coins), Some(1));
        assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]);
        let purses = fixture.items_of("purse").await;
        assert_eq!((purses.len(), &purses[0]["coins"], &purses[0]["spent"]), (1, &3.into(), &2.into()));
        let again = store.execute(save, &idempotent("request 1", "f")).await.unwrap();
        assert!(again.is_replayed());
    }
}

#[tokio::test]
async fn absent_optional_item_does_not_hide_a_refusal_or_a_conflict() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 5), &context()).await.unwrap();
    for too_much in [Effect::Spend("p", 6), Effect::SpendIfExists("p", 6), Effect::Spend("r", 1)] {
        let save = Save::into("a", 1).with(Effect::SpendIfExists("q", 1)).with(too_much);
        let result = fixture.store.execute(save, &context()).await;
        assert!(matches!(result, Err(ExecuteError::Refused(Refusal::TooLittle))), "{result:?}");
    }
    assert!(fixture.items_of("jar").await.is_empty());
    fixture.store.execute(Save::into("a", 5), &context()).await.unwrap();
    let save = Save::into("a", 7).with(Effect::SpendIfExists("q", 1));
    let done = fixture.store.execute_on(None, save, &context()).await.unwrap().into_output();
    assert_eq!((done.version.get(), done.coins), (2, 12), "stale state is decided again");
}
