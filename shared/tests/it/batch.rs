//! Several commands at the same time, with what they ask of the table gathered.

use shared::kit::command::{CommandContext, ExecuteError, Executed, Store};

use crate::fixture::{Fixture, at_once, cause, once};
use crate::toy_domain::{Also, Own, Refusal, Save};

fn batch(commands: impl IntoIterator<Item = Save>) -> Vec<(Save, CommandContext)> {
    let named = commands.into_iter().enumerate();
    named.map(|(n, command)| (command, once(&format!("message {n}"), "f"))).collect()
}

#[tokio::test]
async fn commands_that_do_not_touch_each_other_are_one_read_and_one_transaction() {
    let ground = Fixture::open().await;
    let commands = batch((0..10).map(|n| Save::into(&format!("jar-{n}"), n)));
    let ended = at_once(&ground.store, commands).await;
    assert_eq!(ground.requests(), ["BatchGetItem", "TransactWriteItems"]);
    for (n, end) in ended.into_iter().enumerate() {
        let Ok(Executed::Committed(jar)) = end else { panic!("{end:?}") };
        assert_eq!(jar.id, format!("jar-{n}"), "the answers come in the order of the commands");
    }
    assert_eq!(ground.items_of("jar").await.len(), 10);
    assert_eq!(ground.items_of("receipt").await.len(), 10);
    assert_eq!(ground.items_of("outbox-event").await.len(), 10);
}

#[tokio::test]
async fn commands_on_one_entity_are_all_applied() {
    let ground = Fixture::open().await;
    let jars = ["a", "b", "a", "a", "c"];
    let ended = at_once(&ground.store, batch(jars.map(|jar| Save::into(jar, 1)))).await;
    let mut seen: Vec<(String, u64)> = ended
        .into_iter()
        .map(|end| end.unwrap().into_output())
        .map(|jar| (jar.id, jar.version.get()))
        .collect();
    seen.sort();
    let expected = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1)];
    assert_eq!(seen, expected.map(|(jar, version)| (jar.to_owned(), version)));
}

#[tokio::test]
async fn a_refused_command_does_not_keep_the_others_from_being_done() {
    let ground = Fixture::open().await;
    ground.store.execute(Own("p", 1), &cause()).await.unwrap();
    let commands =
        batch([Save::into("a", 1), Save::into("b", 1).also(Also::Spend("p", 2)), Save::into("c", 1)]);
    ground.requests();
    let ended = at_once(&ground.store, commands).await;
    assert_eq!(ground.requests(), ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]);
    assert!(matches!(ended[0], Ok(Executed::Committed(_))), "{ended:?}");
    assert!(matches!(ended[1], Err(ExecuteError::Refused(Refusal::TooLittle))), "{ended:?}");
    assert!(matches!(ended[2], Ok(Executed::Committed(_))), "{ended:?}");
    let jars: Vec<_> = ground.items_of("jar").await.iter().map(|jar| jar["id"].clone()).collect();
    assert_eq!(jars, ["a", "c"]);
}

#[tokio::test]
async fn a_message_that_comes_twice_in_a_batch_is_acted_on_once() {
    let ground = Fixture::open().await;
    let message = (Save::into("a", 5), once("message 1", "f"));
    let ended = at_once(&ground.store, vec![message.clone(), message]).await;
    let replays: Vec<bool> = ended.iter().map(|end| end.as_ref().unwrap().is_replayed()).collect();
    assert_eq!(replays, [false, true]);
    assert_eq!(ground.items_of("jar").await[0]["coins"], 5);
}

#[tokio::test]
async fn what_was_done_before_is_answered_from_its_receipt() {
    let ground = Fixture::open().await;
    let commands = batch((0..4).map(|n| Save::into(&format!("jar-{n}"), n)));
    let first: Vec<_> = at_once(&ground.store, commands[..3].to_vec()).await;
    ground.requests();
    let again = at_once(&ground.store, commands[..3].to_vec()).await;
    assert_eq!(ground.requests(), ["BatchGetItem"]);
    for (first, again) in first.into_iter().zip(again) {
        assert_eq!(again.unwrap(), Executed::Replayed(first.unwrap().into_output()));
    }
    let ended = at_once(&ground.store, commands).await;
    let replays: Vec<bool> = ended.iter().map(|end| end.as_ref().unwrap().is_replayed()).collect();
    assert_eq!(replays, [true, true, true, false]);
    assert_eq!(ground.requests(), ["BatchGetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn a_receipt_of_something_else_is_refused_alone() {
    let ground = Fixture::open().await;
    ground.store.execute(Save::into("z", 1), &once("message 1", "other")).await.unwrap();
    let ended = at_once(&ground.store, batch([Save::into("a", 1), Save::into("b", 1)])).await;
    assert!(matches!(ended[0], Ok(Executed::Committed(_))), "{ended:?}");
    assert!(matches!(ended[1], Err(ExecuteError::KeyReused)), "{ended:?}");
}

#[tokio::test]
async fn what_does_not_fit_one_transaction_is_done_all_the_same() {
    let ground = Fixture::open().await;
    // Jar, event and receipt: three items each, of which a transaction takes a hundred.
    let ended = at_once(&ground.store, batch((0..40).map(|n| Save::into(&format!("jar-{n:02}"), n)))).await;
    for (n, end) in ended.into_iter().enumerate() {
        assert_eq!(end.unwrap().into_output().id, format!("jar-{n:02}"));
    }
    assert_eq!(ground.items_of("jar").await.len(), 40);
}
