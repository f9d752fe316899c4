//! Refused commands, which write nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::kit::command::{ExecuteError, Executed, Store};

use crate::fixture::{Fixture, context, idempotent};
use crate::toy_domain::{CreatePurse, Effect, Refusal, Save, Shake};

/// Asserts that `save` is refused for this reason and writes nothing, on a table with a jar, a purse of five
/// coins and a red label.
async fn assert_refused(save: Save, reason: Refusal) {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 5), &context()).await.unwrap();
    fixture.store.execute(Save::into("existing", 1).with(Effect::Claim("red")), &context()).await.unwrap();
    let before = fixture.items().await;
    fixture.requests();
    match fixture.store.execute(save, &idempotent("request 1", "f")).await {
        Err(ExecuteError::Refused(found)) => assert_eq!(found, reason),
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems"], "a refusal is not retried");
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn claim_of_a_taken_label_is_refused() {
    assert_refused(Save::into("a", 1).with(Effect::Spend("p", 1)).with(Effect::Claim("red")), Refusal::Taken)
        .await;
}

#[tokio::test]
async fn counter_does_not_fall_below_zero() {
    assert_refused(Save::into("a", 1).with(Effect::Spend("p", 6)), Refusal::TooLittle).await;
}

#[tokio::test]
async fn absent_counter_is_not_created() {
    assert_refused(Save::into("a", 1).with(Effect::Spend("q", 1)), Refusal::TooLittle).await;
}

#[tokio::test]
async fn unmet_requirement_is_refused() {
    assert_refused(Save::into("a", 1).with(Effect::Require("red", "blue")), Refusal::OtherColour).await;
    assert_refused(Save::into("a", 1).with(Effect::Require("absent", "red")), Refusal::OtherColour).await;
}

#[tokio::test]
async fn refusal_on_stale_state_is_decided_again() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("a", 1), &context()).await.unwrap();
    let before = fixture.items().await;
    // The decision is based on an absent jar, so that both the version's and the purse's conditions fail.
    let save = Save::into("a", 1).with(Effect::Spend("p", 1));
    fixture.requests();
    let result = fixture.store.execute_on(None, save, &context()).await;
    assert!(matches!(result, Err(ExecuteError::Refused(Refusal::TooLittle))), "{result:?}");
    assert_eq!(fixture.requests(), ["TransactWriteItems", "BatchGetItem", "TransactWriteItems"]);
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn refused_decision_sends_no_write() {
    let fixture = Fixture::open().await;
    let shake = Shake { jar: "a".to_owned(), from_first_version: false };
    let result = fixture.store.execute(shake, &idempotent("request 1", "f")).await;
    assert!(matches!(result, Err(ExecuteError::Refused(Refusal::NoJar))), "{result:?}");
    assert_eq!(fixture.requests(), ["BatchGetItem", "BatchGetItem"], "the state is loaded twice");
    assert!(fixture.items().await.is_empty());
}

/// Interceptor that hides a record from the first batch read, as if it had been read before a commit that the
/// rest of the read includes.
#[derive(Debug)]
struct TornRead {
    /// Prefix of the record's key.
    hidden_prefix: &'static str,
    is_done: AtomicBool,
}

impl Intercept for TornRead {
    fn name(&self) -> &'static str {
        "torn"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(read) = context.input_mut().downcast_mut::<BatchGetItemInput>()
            && !self.is_done.swap(true, Ordering::Relaxed)
        {
            let is_hidden =
                |key: &AttributeValue| key.as_s().is_ok_and(|pk| pk.starts_with(self.hidden_prefix));
            for of_table in read.request_items.iter_mut().flat_map(HashMap::values_mut) {
                of_table.keys.retain(|key| !key.get("pk").is_some_and(is_hidden));
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn refusal_after_a_torn_read_is_decided_again() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("a", 1), &context()).await.unwrap();
    let torn = fixture.store_through(TornRead { hidden_prefix: "jar#", is_done: AtomicBool::new(false) });
    fixture.requests();
    let shake = Shake { jar: "a".to_owned(), from_first_version: false };
    let result = torn.execute(shake, &idempotent("request 1", "f")).await;
    assert!(matches!(result, Ok(Executed::Committed(_))), "{result:?}");
    assert_eq!(fixture.requests(), ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn record_missed_by_the_read_is_found_by_the_commit() {
    let fixture = Fixture::open().await;
    let request = idempotent("request 1", "f");
    let save = Save::into("a", 1).with(Effect::Claim("l"));
    fixture.store.execute(save.clone(), &request).await.unwrap();
    let before = fixture.items().await;
    let torn =
        fixture.store_through(TornRead { hidden_prefix: "idempotency#", is_done: AtomicBool::new(false) });
    let result = torn.execute(save, &request).await;
    assert!(matches!(result, Ok(Executed::Replayed(_))), "{result:?}");
    assert_eq!(fixture.items().await, before);
}

#[tokio::test]
async fn last_coin_can_be_spent() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 5), &context()).await.unwrap();
    fixture.store.execute(Save::into("existing", 1).with(Effect::Claim("red")), &context()).await.unwrap();
    let save = Save::into("a", 1).with(Effect::Spend("p", 5)).with(Effect::Require("red", "red"));
    fixture.store.execute(save, &context()).await.unwrap();
    assert_eq!(fixture.items_of("purse").await[0]["coins"], 0);
}
