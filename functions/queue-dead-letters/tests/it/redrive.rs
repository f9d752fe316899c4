//! Messages that died, were redriven, and died again.

use serde_json::json;
use shared::kit::command::Version;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::dead_letter::remove::RemoveDeadLetter;
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{Marketplace, moderator};

use super::{dead, handle, open, recorded};

/// The letters of orders, newest first.
async fn letters(scene: &Marketplace) -> Vec<DeadLetter> {
    recorded(&scene.reader, Subscriber::Fulfilment).await
}

/// A message that died and was redriven, and what names the redrive.
async fn redriven(scene: &Marketplace) -> (DeadLetter, String) {
    handle(&scene.store, &json!({ "Records": [dead("m1", &[("deadLetterReason", "at first")])] })).await;
    let letter = letters(scene).await.remove(0);
    scene.run(RedriveDeadLetter { id: letter.id, by: moderator().user }).await;
    assert!(letters(scene).await.is_empty());
    let redrive = format!("{}.{}", letter.id, Version::FIRST.next());
    (letter, redrive)
}

#[tokio::test]
async fn a_redriven_message_that_dies_again_is_the_same_letter_which_knows_who_redrove_it() {
    let scene = open().await;
    let (letter, redrive) = redriven(&scene).await;
    // The relay may have sent it twice, and each may die, and be buried twice.
    let again = |id: &str| dead(id, &[("redriveOf", redrive.as_str()), ("deadLetterReason", "again")]);
    for records in [vec![again("m2")], vec![again("m2"), again("m3")]] {
        assert!(handle(&scene.store, &json!({ "Records": records })).await.is_empty());
    }
    let found = letters(&scene).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].version.get()), (letter.id, 3));
    assert_eq!((found[0].reason.as_str(), found[0].message_id.as_str()), ("again", "m2"));
    assert_eq!(found[0].body, letter.body);
    assert_eq!(found[0].redrives.iter().map(|redrive| redrive.by).collect::<Vec<_>>(), [moderator().user]);
    assert!(!found[0].attributes.contains_key("redriveOf"));
}

#[tokio::test]
async fn a_letter_that_is_redriven_again_and_again_dies_again_each_time() {
    let scene = open().await;
    let (letter, _) = redriven(&scene).await;
    for round in 1..=3 {
        let redrive = format!("{}.{}", letter.id, 2 * round);
        let died = dead(&format!("m{round}"), &[("redriveOf", &redrive)]);
        assert!(handle(&scene.store, &json!({ "Records": [died] })).await.is_empty());
        assert_eq!(letters(&scene).await[0].version.get(), 2 * round + 1);
        scene.run(RedriveDeadLetter { id: letter.id, by: moderator().user }).await;
    }
    assert!(letters(&scene).await.is_empty());
}

#[tokio::test]
async fn a_message_whose_letter_was_removed_meanwhile_is_a_new_letter() {
    let scene = open().await;
    let (letter, redrive) = redriven(&scene).await;
    scene
        .run_at(SystemClock.now(), RemoveDeadLetter { id: letter.id, expected: None, by: moderator().user })
        .await;
    let died = dead("m2", &[("redriveOf", redrive.as_str())]);
    assert!(handle(&scene.store, &json!({ "Records": [died] })).await.is_empty());
    let found = letters(&scene).await;
    assert_eq!((found.len(), found[0].version), (1, Version::FIRST));
    assert_ne!(found[0].id, letter.id);
}
