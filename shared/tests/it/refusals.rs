//! A refusal writes nothing at all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::kit::command::{ExecuteError, Executed, Store};

use crate::fixture::{Fixture, cause, once};
use crate::toy_domain::{Also, Own, Refusal, Save, Shake};

/// A table with a jar, a purse of five coins and a red label, on which `save` is refused for this reason, having
/// written nothing.
async fn is_refused(save: Save, reason: Refusal) {
    let ground = Fixture::open().await;
    ground.store.execute(Own("p", 5), &cause()).await.unwrap();
    ground.store.execute(Save::into("there", 1).also(Also::Claim("red")), &cause()).await.unwrap();
    let before = ground.items().await;
    ground.requests();
    match ground.store.execute(save, &once("request 1", "f")).await {
        Err(ExecuteError::Refused(found)) => assert_eq!(found, reason),
        other => panic!("{other:?}"),
    }
    assert_eq!(ground.requests(), ["BatchGetItem", "TransactWriteItems"], "a refusal is not tried again");
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn a_claim_on_what_is_taken_is_refused() {
    is_refused(Save::into("a", 1).also(Also::Spend("p", 1)).also(Also::Claim("red")), Refusal::Taken).await;
}

#[tokio::test]
async fn a_counter_does_not_fall_below_zero() {
    is_refused(Save::into("a", 1).also(Also::Spend("p", 6)), Refusal::TooLittle).await;
}

#[tokio::test]
async fn a_counter_that_is_not_there_is_not_made() {
    is_refused(Save::into("a", 1).also(Also::Spend("q", 1)), Refusal::TooLittle).await;
}

#[tokio::test]
async fn what_is_required_must_be_so() {
    is_refused(Save::into("a", 1).also(Also::Require("red", "blue")), Refusal::OtherColour).await;
    is_refused(Save::into("a", 1).also(Also::Require("absent", "red")), Refusal::OtherColour).await;
}

#[tokio::test]
async fn a_first_version_does_not_take_the_place_of_another() {
    is_refused(Save::into("there", 1).also(Also::New), Refusal::JarExists).await;
}

#[tokio::test]
async fn a_refusal_of_a_stale_decision_is_decided_again_before_it_is_believed() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("a", 1), &cause()).await.unwrap();
    let before = ground.items().await;
    // Decided on an absent jar, so that the version's condition fails along with the purse's.
    let save = Save::into("a", 1).also(Also::Spend("p", 1));
    ground.requests();
    let ended = ground.store.execute_on(None, save, &cause()).await;
    assert!(matches!(ended, Err(ExecuteError::Refused(Refusal::TooLittle))), "{ended:?}");
    assert_eq!(ground.requests(), ["TransactWriteItems", "BatchGetItem", "TransactWriteItems"]);
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn what_the_decision_refuses_is_not_sent() {
    let ground = Fixture::open().await;
    let shake = Shake { jar: "a".to_owned(), stubbornly: false };
    let ended = ground.store.execute(shake, &once("request 1", "f")).await;
    assert!(matches!(ended, Err(ExecuteError::Refused(Refusal::NoJar))), "{ended:?}");
    assert_eq!(ground.requests(), ["BatchGetItem", "BatchGetItem"], "looked at twice");
    assert!(ground.items().await.is_empty());
}

/// Hides a record from the first batch read: it is shown as it was before a commit that the rest of the read has seen.
#[derive(Debug)]
struct Torn {
    /// The beginning of its key.
    hidden: &'static str,
    is_over: AtomicBool,
}

impl Intercept for Torn {
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
            && !self.is_over.swap(true, Ordering::Relaxed)
        {
            let is_hidden = |key: &AttributeValue| key.as_s().is_ok_and(|pk| pk.starts_with(self.hidden));
            for of_table in read.request_items.iter_mut().flat_map(HashMap::values_mut) {
                of_table.keys.retain(|key| !key.get("pk").is_some_and(is_hidden));
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_refusal_of_what_was_not_read_at_one_moment_is_not_believed() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("a", 1), &cause()).await.unwrap();
    let torn = ground.store_through(Torn { hidden: "jar#", is_over: AtomicBool::new(false) });
    ground.requests();
    let shake = Shake { jar: "a".to_owned(), stubbornly: false };
    let ended = torn.execute(shake, &once("request 1", "f")).await;
    assert!(matches!(ended, Ok(Executed::Committed(_))), "{ended:?}");
    assert_eq!(ground.requests(), ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn a_receipt_that_was_read_too_early_is_found_by_the_commit() {
    let ground = Fixture::open().await;
    let request = once("request 1", "f");
    let save = Save::into("a", 1).also(Also::New);
    ground.store.execute(save.clone(), &request).await.unwrap();
    let before = ground.items().await;
    let torn = ground.store_through(Torn { hidden: "receipt#", is_over: AtomicBool::new(false) });
    let ended = torn.execute(save, &request).await;
    assert!(matches!(ended, Ok(Executed::Replayed(_))), "{ended:?}");
    assert_eq!(ground.items().await, before);
}

#[tokio::test]
async fn what_is_allowed_is_done_to_the_last_coin() {
    let ground = Fixture::open().await;
    ground.store.execute(Own("p", 5), &cause()).await.unwrap();
    ground.store.execute(Save::into("there", 1).also(Also::Claim("red")), &cause()).await.unwrap();
    let save = Save::into("a", 1).also(Also::Spend("p", 5)).also(Also::Require("red", "red")).also(Also::New);
    ground.store.execute(save, &cause()).await.unwrap();
    assert_eq!(ground.items_of("purse").await[0]["coins"], 0);
}
