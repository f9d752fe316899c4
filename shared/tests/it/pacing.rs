//! The schedule of the calls to a service, in the table.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::future::join_all;
use shared::kit::resilience::pacing::{Pacer, Schedule as _, SlotOutcome, SlotRequest, Turn};
use shared::kit::system::clock::Timestamp;
use test_support::fixture::ManualClock;

use crate::fixture::{Fixture, moment};

const SERVICE: &str = "service";

fn after(millis: u64) -> Timestamp {
    moment().saturating_add(Duration::from_millis(millis))
}

/// Request with times in milliseconds after [`moment`].
fn request(length: u64, now: u64, known_end: Option<u64>) -> SlotRequest {
    SlotRequest { length: Duration::from_millis(length), now: after(now), known_end: known_end.map(after) }
}

#[tokio::test]
async fn slots_follow_each_other_and_begin_now_if_none_are_taken() {
    let fixture = Fixture::open().await;
    let take = async |request| fixture.store.take(SERVICE, request).await.unwrap();
    assert_eq!(take(request(40, 1_000, None)).await, SlotOutcome::Until(after(1_040)));
    assert_eq!(take(request(80, 1_010, Some(1_040))).await, SlotOutcome::Until(after(1_120)));
    // The known end is outdated, but still in the future, so slots are taken.
    assert_eq!(take(request(40, 1_020, Some(1_040))).await, SlotOutcome::Until(after(1_160)));
    assert_eq!(take(request(40, 1_030, None)).await, SlotOutcome::Outdated(Some(after(1_160))));
    assert_eq!(take(request(40, 5_000, Some(9_000))).await, SlotOutcome::Outdated(Some(after(1_160))));
    assert_eq!(take(request(40, 5_000, Some(1_160))).await, SlotOutcome::Until(after(5_040)));
    assert_eq!(
        fixture.store.take("other", request(40, 0, Some(1))).await.unwrap(),
        SlotOutcome::Outdated(None)
    );
    assert_eq!(fixture.requests(), ["UpdateItem"; 7]);
}

#[tokio::test]
async fn sixteen_instances_never_share_a_slot() {
    let fixture = Fixture::open().await;
    let rate = NonZeroU32::new(10).unwrap();
    // Each has a clock of its own, because a call that waits for its slot advances the clock.
    let pacers: Vec<_> =
        (0..16).map(|_| Pacer::new(SERVICE, rate).with_clock(ManualClock::at(moment()))).collect();
    let turns = pacers.iter().flat_map(|pacer| {
        let store = &fixture.store;
        (0..10).map(move |_| pacer.turn(None, store))
    });
    let turns = join_all(turns).await.into_iter().map(Result::unwrap);
    let mut later: Vec<_> =
        turns.filter_map(|turn| if let Turn::At(slot) = turn { Some(slot) } else { None }).collect();
    later.sort_unstable();
    let distance = Duration::from_millis(100);
    assert!(later.len() >= 100, "{}", later.len());
    assert!(later.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= distance), "{later:?}");
}
