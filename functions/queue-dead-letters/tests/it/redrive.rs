//! Redriven messages that are dead-lettered again.

use serde_json::json;
use shared::kit::command::Version;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::dead_letter::remove::RemoveDeadLetter;
use shared::messaging::event_routing::Subscriber;
use test_support::fixture::{Marketplace, moderator};

use super::{dead, handle, recorded};

/// The dead letters of `queue-fulfilment`, newest first.
async fn dead_letters(marketplace: &Marketplace) -> Vec<DeadLetter> {
    recorded(&marketplace.reader, Subscriber::Fulfilment).await
}

/// A dead letter that was redriven, and the id of its redrive.
async fn redriven(marketplace: &Marketplace) -> (DeadLetter, String) {
    handle(&marketplace.store, &json!({ "Records": [dead("m1", &[("deadLetterReason", "at first")])] }))
        .await;
    let dead_letter = dead_letters(marketplace).await.remove(0);
    marketplace.run(RedriveDeadLetter { id: dead_letter.id, by: moderator().user }).await;
    assert!(dead_letters(marketplace).await.is_empty());
    let redrive = format!("{}.{}", dead_letter.id, Version::FIRST.next());
    (dead_letter, redrive)
}

#[tokio::test]
async fn redriven_message_that_fails_again_is_the_same_dead_letter() {
    let marketplace = Marketplace::empty().await;
    let (dead_letter, redrive) = redriven(&marketplace).await;
    // The relay may have sent it twice, and each copy may be dead-lettered twice.
    let again = |id: &str| dead(id, &[("redriveOf", redrive.as_str()), ("deadLetterReason", "again")]);
    for records in [vec![again("m2")], vec![again("m2"), again("m3")]] {
        assert!(handle(&marketplace.store, &json!({ "Records": records })).await.is_empty());
    }
    let found = dead_letters(&marketplace).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].version.get()), (dead_letter.id, 3));
    assert_eq!((found[0].reason.as_str(), found[0].message_id.as_str()), ("again", "m2"));
    assert_eq!(found[0].body, dead_letter.body);
    assert_eq!(found[0].redrives.iter().map(|redrive| redrive.by).collect::<Vec<_>>(), [moderator().user]);
    assert!(!found[0].attributes.contains_key("redriveOf"));
}

#[tokio::test]
async fn dead_letter_can_be_redriven_repeatedly() {
    let marketplace = Marketplace::empty().await;
    let (dead_letter, _) = redriven(&marketplace).await;
    for round in 1..=3 {
        let redrive = format!("{}.{}", dead_letter.id, 2 * round);
        let died = dead(&format!("m{round}"), &[("redriveOf", &redrive)]);
        assert!(handle(&marketplace.store, &json!({ "Records": [died] })).await.is_empty());
        assert_eq!(dead_letters(&marketplace).await[0].version.get(), 2 * round + 1);
        marketplace.run(RedriveDeadLetter { id: dead_letter.id, by: moderator().user }).await;
    }
    assert!(dead_letters(&marketplace).await.is_empty());
}

#[tokio::test]
async fn redriven_message_of_a_removed_dead_letter_is_a_new_one() {
    let marketplace = Marketplace::empty().await;
    let (dead_letter, redrive) = redriven(&marketplace).await;
    marketplace
        .run_at(
            SystemClock.now(),
            RemoveDeadLetter { id: dead_letter.id, expected: None, by: moderator().user },
        )
        .await;
    let died = dead("m2", &[("redriveOf", redrive.as_str())]);
    assert!(handle(&marketplace.store, &json!({ "Records": [died] })).await.is_empty());
    let found = dead_letters(&marketplace).await;
    assert_eq!((found.len(), found[0].version), (1, Version::FIRST));
    assert_ne!(found[0].id, dead_letter.id);
}
