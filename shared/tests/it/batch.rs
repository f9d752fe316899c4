//! Concurrent commands with group commit.

use shared::kit::command::{CommandContext, ExecuteError, Executed, Store};

use crate::fixture::{Fixture, context, execute_concurrently, idempotent};
use crate::toy_domain::{CreatePurse, Effect, Refusal, Save};

fn batch(commands: impl IntoIterator<Item = Save>) -> Vec<(Save, CommandContext)> {
    let named = commands.into_iter().enumerate();
    named.map(|(n, command)| (command, idempotent(&format!("message {n}"), "f"))).collect()
}

#[tokio::test]
async fn independent_commands_share_a_read_and_a_transaction() {
    let fixture = Fixture::open().await;
    let commands = batch((0..10).map(|n| Save::into(&format!("jar-{n}"), n)));
    let results = execute_concurrently(&fixture.store, commands).await;
    assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems"]);
    for (n, result) in results.into_iter().enumerate() {
        let Ok(Executed::Committed(jar)) = result else { panic!("{result:?}") };
        assert_eq!(jar.id, format!("jar-{n}"), "the results are in the order of the commands");
    }
    assert_eq!(fixture.items_of("jar").await.len(), 10);
    assert_eq!(fixture.items_of("idempotency-record").await.len(), 10);
    assert_eq!(fixture.items_of("outbox-event").await.len(), 10);
}

#[tokio::test]
async fn commands_on_one_entity_are_all_applied() {
    let fixture = Fixture::open().await;
    let jars = ["a", "b", "a", "a", "c"];
    let results = execute_concurrently(&fixture.store, batch(jars.map(|jar| Save::into(jar, 1)))).await;
    let mut actual: Vec<(String, u64)> = results
        .into_iter()
        .map(|result| result.unwrap().into_output())
        .map(|jar| (jar.id, jar.version.get()))
        .collect();
    actual.sort();
    let expected = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1)];
    assert_eq!(actual, expected.map(|(jar, version)| (jar.to_owned(), version)));
}

#[tokio::test]
async fn refused_command_does_not_affect_the_others() {
    let fixture = Fixture::open().await;
    fixture.store.execute(CreatePurse("p", 1), &context()).await.unwrap();
    let commands =
        batch([Save::into("a", 1), Save::into("b", 1).with(Effect::Spend("p", 2)), Save::into("c", 1)]);
    fixture.requests();
    let results = execute_concurrently(&fixture.store, commands).await;
    assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]);
    assert!(matches!(results[0], Ok(Executed::Committed(_))), "{results:?}");
    assert!(matches!(results[1], Err(ExecuteError::Refused(Refusal::TooLittle))), "{results:?}");
    assert!(matches!(results[2], Ok(Executed::Committed(_))), "{results:?}");
    let jars: Vec<_> = fixture.items_of("jar").await.iter().map(|jar| jar["id"].clone()).collect();
    assert_eq!(jars, ["a", "c"]);
}

#[tokio::test]
async fn duplicate_message_in_a_batch_is_executed_once() {
    let fixture = Fixture::open().await;
    let message = (Save::into("a", 5), idempotent("message 1", "f"));
    let results = execute_concurrently(&fixture.store, vec![message.clone(), message]).await;
    let replays: Vec<bool> = results.iter().map(|result| result.as_ref().unwrap().is_replayed()).collect();
    assert_eq!(replays, [false, true]);
    assert_eq!(fixture.items_of("jar").await[0]["coins"], 5);
}

#[tokio::test]
async fn repeated_commands_are_replayed_from_their_records() {
    let fixture = Fixture::open().await;
    let commands = batch((0..4).map(|n| Save::into(&format!("jar-{n}"), n)));
    let first: Vec<_> = execute_concurrently(&fixture.store, commands[..3].to_vec()).await;
    fixture.requests();
    let again = execute_concurrently(&fixture.store, commands[..3].to_vec()).await;
    assert_eq!(fixture.requests(), ["BatchGetItem"]);
    for (first, again) in first.into_iter().zip(again) {
        assert_eq!(again.unwrap(), Executed::Replayed(first.unwrap().into_output()));
    }
    let results = execute_concurrently(&fixture.store, commands).await;
    let replays: Vec<bool> = results.iter().map(|result| result.as_ref().unwrap().is_replayed()).collect();
    assert_eq!(replays, [true, true, true, false]);
    assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn reused_key_refuses_only_its_own_command() {
    let fixture = Fixture::open().await;
    fixture.store.execute(Save::into("z", 1), &idempotent("message 1", "other")).await.unwrap();
    let results = execute_concurrently(&fixture.store, batch([Save::into("a", 1), Save::into("b", 1)])).await;
    assert!(matches!(results[0], Ok(Executed::Committed(_))), "{results:?}");
    assert!(matches!(results[1], Err(ExecuteError::KeyReused)), "{results:?}");
}

#[tokio::test]
async fn commands_beyond_one_transaction_are_all_executed() {
    let fixture = Fixture::open().await;
    // Jar, event and idempotency record: three items each; a transaction takes a hundred.
    let results =
        execute_concurrently(&fixture.store, batch((0..40).map(|n| Save::into(&format!("jar-{n:02}"), n))))
            .await;
    for (n, result) in results.into_iter().enumerate() {
        assert_eq!(result.unwrap().into_output().id, format!("jar-{n:02}"));
    }
    assert_eq!(fixture.items_of("jar").await.len(), 40);
}
