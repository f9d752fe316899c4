//! Batch reads.

use shared::kit::aws::dynamodb::Consistency;
use shared::kit::command::{ReadSet, Store, StoreError, Version};

use crate::fixture::{Fixture, context, execute_concurrently};
use crate::toy_domain::{CreatePurse, Jar, Label, Purse, Save};

#[tokio::test]
async fn keys_are_read_in_batches_of_a_hundred_in_request_order() {
    let fixture = Fixture::open().await;
    let saves = (0..130).map(|n| (Save::into(&format!("{n}"), n), context()));
    for result in execute_concurrently(&fixture.store, saves).await {
        result.unwrap();
    }
    fixture.requests();
    let ids: Vec<String> = (0..250).rev().map(|n| n.to_string()).collect();
    let jars: Vec<Option<Jar>> = fixture.store.load(ReadSet::get_all(&ids)).await.unwrap();
    assert_eq!(fixture.requests(), ["BatchGetItem"; 3]);
    for (n, jar) in (0..250).rev().zip(jars) {
        let expected = Jar { id: n.to_string(), version: Version::FIRST, coins: n };
        assert_eq!(jar, (n < 130).then_some(expected));
    }
}

#[tokio::test]
async fn duplicate_keys_are_read_once() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 5), &context()).await.unwrap();
    fixture.requests();
    let p = "p".to_owned();
    let purses: Vec<Option<Purse>> = fixture.store.load(ReadSet::get_all([&p, &p, &p])).await.unwrap();
    assert_eq!(purses, vec![Some(Purse { coins: 5, spent: 0 }); 3]);
    assert_eq!(fixture.requests(), ["BatchGetItem"]);
}

#[tokio::test]
async fn records_of_different_kinds_are_read_together() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("x", 5), &context()).await.unwrap();
    fixture.requests();
    let x = "x".to_owned();
    let reads = ReadSet::<Option<Purse>>::get(&x).and(ReadSet::<Option<Jar>>::get(&x));
    let (purse, jar) = fixture.reader.get(reads, Consistency::Eventual).await.unwrap();
    assert_eq!((purse, jar), (Some(Purse { coins: 5, spent: 0 }), None));
    assert_eq!(fixture.requests(), ["BatchGetItem"]);
}

#[tokio::test]
async fn empty_read_set_sends_no_request() {
    let fixture = Fixture::open().await;
    let none: Vec<Option<Jar>> = fixture.store.load(ReadSet::get_all(&[])).await.unwrap();
    assert!(none.is_empty());
    assert!(fixture.requests().is_empty());
}

#[tokio::test]
async fn malformed_item_error_names_the_kind_and_not_the_content() {
    let fixture = Fixture::open().await;
    fixture.put_raw(&[("pk", "purse#p"), ("sk", "purse"), ("coins", "hunter2"), ("spent", "0")]).await;
    fixture.put_raw(&[("pk", "label#l"), ("sk", "label"), ("hue", "hunter2")]).await;
    let purse = fixture.store.load(ReadSet::<Option<Purse>>::get(&"p".to_owned())).await.unwrap_err();
    let label = fixture.store.load(ReadSet::<Option<Label>>::get(&"l".to_owned())).await.unwrap_err();
    for (error, kind) in [(purse, "purse"), (label, "label")] {
        assert!(matches!(&error, StoreError::Malformed(malformed) if malformed.kind == kind), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn ping_succeeds_only_if_the_table_responds() {
    let fixture = Fixture::open().await;
    fixture.reader.ping().await.unwrap();
    let unreachable = crate::fixture::client("http://127.0.0.1:9", None);
    let reader = shared::kit::aws::dynamodb::DynamoReader::new(shared::kit::aws::dynamodb::Table::new(
        unreachable,
        "agora",
    ));
    assert!(matches!(reader.ping().await, Err(StoreError::Unavailable(_))));
}
