//! Batch reads.

use shared::kit::aws::dynamodb::Consistency;
use shared::kit::command::{ReadSet, Store, StoreError, Version};

use crate::fixture::{Fixture, at_once, cause};
use crate::toy_domain::{Jar, Label, Own, Purse, Save};

#[tokio::test]
async fn any_number_of_keys_is_read_a_hundred_at_a_time_in_the_order_they_were_asked_for() {
    let ground = Fixture::open().await;
    let there = (0..130).map(|n| (Save::into(&format!("{n}"), n), cause()));
    for end in at_once(&ground.store, there).await {
        end.unwrap();
    }
    ground.requests();
    let ids: Vec<String> = (0..250).rev().map(|n| n.to_string()).collect();
    let jars: Vec<Option<Jar>> = ground.store.load(ReadSet::get_all(&ids)).await.unwrap();
    assert_eq!(ground.requests(), ["BatchGetItem"; 3]);
    for (n, jar) in (0..250).rev().zip(jars) {
        let expected = Jar { id: n.to_string(), version: Version::FIRST, coins: n };
        assert_eq!(jar, (n < 130).then_some(expected));
    }
}

#[tokio::test]
async fn a_key_that_is_asked_for_twice_is_read_once() {
    let ground = Fixture::open().await;
    ground.store.execute(Own("p", 5), &cause()).await.unwrap();
    ground.requests();
    let p = "p".to_owned();
    let purses: Vec<Option<Purse>> = ground.store.load(ReadSet::get_all([&p, &p, &p])).await.unwrap();
    assert_eq!(purses, vec![Some(Purse { coins: 5, spent: 0 }); 3]);
    assert_eq!(ground.requests(), ["BatchGetItem"]);
}

#[tokio::test]
async fn records_of_different_kinds_are_read_together() {
    let ground = Fixture::open().await;
    ground.store.execute(Own("x", 5), &cause()).await.unwrap();
    ground.requests();
    let x = "x".to_owned();
    let reads = ReadSet::<Option<Purse>>::get(&x).and(ReadSet::<Option<Jar>>::get(&x));
    let (purse, jar) = ground.reader.get(reads, Consistency::Eventual).await.unwrap();
    assert_eq!((purse, jar), (Some(Purse { coins: 5, spent: 0 }), None));
    assert_eq!(ground.requests(), ["BatchGetItem"]);
}

#[tokio::test]
async fn nothing_is_read_without_a_request() {
    let ground = Fixture::open().await;
    let none: Vec<Option<Jar>> = ground.store.load(ReadSet::get_all(&[])).await.unwrap();
    assert!(none.is_empty());
    assert!(ground.requests().is_empty());
}

#[tokio::test]
async fn an_item_that_does_not_read_is_named_by_its_kind_and_never_quoted() {
    let ground = Fixture::open().await;
    ground.put_raw(&[("pk", "purse#p"), ("sk", "purse"), ("coins", "hunter2"), ("spent", "0")]).await;
    ground.put_raw(&[("pk", "label#l"), ("sk", "label"), ("hue", "hunter2")]).await;
    let purse = ground.store.load(ReadSet::<Option<Purse>>::get(&"p".to_owned())).await.unwrap_err();
    let label = ground.store.load(ReadSet::<Option<Label>>::get(&"l".to_owned())).await.unwrap_err();
    for (error, kind) in [(purse, "purse"), (label, "label")] {
        assert!(matches!(&error, StoreError::Malformed(malformed) if malformed.kind == kind), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_table_that_answers_is_there_and_one_that_does_not_is_not() {
    let ground = Fixture::open().await;
    ground.reader.ping().await.unwrap();
    let nowhere = crate::fixture::client("http://127.0.0.1:9", None);
    let gone = shared::kit::aws::dynamodb::DynamoReader::new(shared::kit::aws::dynamodb::Table::new(
        nowhere, "agora",
    ));
    assert!(matches!(gone.ping().await, Err(StoreError::Unavailable(_))));
}
