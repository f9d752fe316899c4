use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn fresh() -> Pair {
    Pair::generate().unwrap()
}

fn kids(ring: &KeyRing) -> Vec<String> {
    ring.published().map(str::to_owned).collect()
}

/// Takes the next step as soon as it is allowed; says how many seconds after the last one had arrived.
fn next(ring: &KeyRing) -> (KeyRing, i64) {
    let live = ring.live_since(at(0));
    let ready = ring.ready_at(Some(&live)).unwrap();
    let rotated = ring.rotate(Some(&live), ready, fresh()).unwrap();
    (rotated, ready.as_second() - at(0).as_second())
}

#[test]
fn a_key_is_introduced_signs_and_retires_the_previous_one_each_in_its_time() {
    let steady = KeyRing::first(fresh());
    let old = steady.signing().to_owned();
    let (introduced, waited) = next(&steady);
    assert_eq!((introduced.stage(), waited, introduced.signing()), (Stage::Introduced, 0, old.as_str()));
    assert_eq!(kids(&introduced).len(), 2);
    assert!(!introduced.parameters().contains_key(SIGNING_KEY), "the deployment keeps the key that it has");

    let (overlapping, waited) = next(&introduced);
    assert_eq!((overlapping.stage(), waited), (Stage::Overlapping, 300));
    assert_eq!(kids(&overlapping), kids(&introduced));
    assert_ne!(overlapping.signing(), old);
    let parameters = overlapping.parameters();
    let live = DeployedKeys::of_parameters(&parameters, at(7)).unwrap();
    assert!(live.is_of(&overlapping), "the signing key given is the one whose name is published");

    let (retired, waited) = next(&overlapping);
    assert_eq!((retired.stage(), waited), (Stage::Steady, 15 * 60 + 60));
    assert_eq!(kids(&retired), [overlapping.signing()]);
    assert!(!retired.parameters().contains_key(SIGNING_KEY));
}

#[test]
fn no_step_is_taken_before_the_last_one_has_arrived_everywhere() {
    let (mut ring, _) = next(&KeyRing::first(fresh()));
    for _ in 0..3 {
        let (after, _) = next(&ring);
        let late = at(1_000_000);
        assert_eq!(ring.rotate(None, late, fresh()), Err(RotationBlocked::NotDeployed));
        let other = after.live_since(at(0));
        assert_eq!(
            ring.rotate(Some(&other), late, fresh()),
            Err(RotationBlocked::NotDeployed),
            "other keys are live"
        );
        ring = after;
    }
}

#[test]
fn a_step_a_moment_too_early_is_refused_with_the_time_it_is_safe_from() {
    let (introduced, _) = next(&KeyRing::first(fresh()));
    let (overlapping, _) = next(&introduced);
    for (ring, wait) in [(introduced, 300), (overlapping, 960)] {
        let live = ring.live_since(at(0));
        let early = at(wait).checked_sub(jiff::SignedDuration::from_millis(1)).unwrap();
        assert_eq!(ring.rotate(Some(&live), early, fresh()), Err(RotationBlocked::TooEarly(at(wait))));
        assert!(ring.rotate(Some(&live), at(wait), fresh()).is_ok());
    }
}

#[test]
fn a_ring_is_adopted_only_from_a_set_whose_signing_key_is_known() {
    let (introduced, _) = next(&KeyRing::first(fresh()));
    assert_eq!(KeyRing::of_published(introduced.published.clone()), None);
    assert_eq!(KeyRing::of_published(KeySet::default()), None);
    let one = KeyRing::first(fresh());
    let adopted = KeyRing::of_published(one.published.clone()).unwrap();
    assert_eq!((adopted.signing(), &adopted.secret), (one.signing(), &None));
}

#[test]
fn private_keys_are_not_shown() {
    let ring = KeyRing::first(fresh());
    let secret = ring.parameters()[SIGNING_KEY].clone();
    assert!(!format!("{ring:?} {:?}", next(&ring).0).contains(&secret));
}
