use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn fresh() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn kids(ring: &KeyRing) -> Vec<String> {
    ring.published().map(str::to_owned).collect()
}

/// Takes the next step at the earliest time, and returns it with the seconds since the deployment of the last
/// step.
fn next(ring: &KeyRing) -> (KeyRing, i64) {
    let deployed = ring.deployed_since(at(0));
    let ready = ring.ready_at(Some(&deployed)).unwrap();
    let rotated = ring.rotate(Some(&deployed), ready, fresh()).unwrap();
    (rotated, ready.as_second() - at(0).as_second())
}

#[test]
fn rotation_introduces_signs_and_retires_with_waiting_times() {
    let steady = KeyRing::first(fresh());
    let old = steady.signing().to_owned();
    let (introduced, waited) = next(&steady);
    assert_eq!(
        (introduced.stage(), waited, introduced.signing()),
        (RotationStage::Introduced, 0, old.as_str())
    );
    assert_eq!(kids(&introduced).len(), 2);
    assert!(!introduced.parameters().contains_key(SIGNING_KEY), "the deployment keeps its signing key");

    let (overlapping, waited) = next(&introduced);
    assert_eq!((overlapping.stage(), waited), (RotationStage::Overlapping, 300));
    assert_eq!(kids(&overlapping), kids(&introduced));
    assert_ne!(overlapping.signing(), old);
    let parameters = overlapping.parameters();
    let deployed = DeployedKeys::of_parameters(&parameters, at(7)).unwrap();
    assert!(deployed.matches_ring(&overlapping), "the signing key has a published id");

    let (retired, waited) = next(&overlapping);
    assert_eq!((retired.stage(), waited), (RotationStage::Steady, 15 * 60 + 60));
    assert_eq!(kids(&retired), [overlapping.signing()]);
    assert!(!retired.parameters().contains_key(SIGNING_KEY));
}

#[test]
fn next_step_requires_that_the_last_one_is_deployed() {
    let (mut ring, _) = next(&KeyRing::first(fresh()));
    for _ in 0..3 {
        let (after, _) = next(&ring);
        let late = at(1_000_000);
        assert_eq!(ring.rotate(None, late, fresh()), Err(RotationBlocked::NotDeployed));
        let other = after.deployed_since(at(0));
        assert_eq!(
            ring.rotate(Some(&other), late, fresh()),
            Err(RotationBlocked::NotDeployed),
            "other keys are deployed"
        );
        ring = after;
    }
}

#[test]
fn early_step_is_refused_with_its_earliest_time() {
    let (introduced, _) = next(&KeyRing::first(fresh()));
    let (overlapping, _) = next(&introduced);
    for (ring, wait) in [(introduced, 300), (overlapping, 960)] {
        let deployed = ring.deployed_since(at(0));
        let early = at(wait).checked_sub(jiff::SignedDuration::from_millis(1)).unwrap();
        assert_eq!(ring.rotate(Some(&deployed), early, fresh()), Err(RotationBlocked::TooEarly(at(wait))));
        assert!(ring.rotate(Some(&deployed), at(wait), fresh()).is_ok());
    }
}

#[test]
fn ring_is_created_only_from_a_set_with_one_key() {
    let (introduced, _) = next(&KeyRing::first(fresh()));
    assert_eq!(KeyRing::of_published(introduced.published.clone()), None);
    assert_eq!(KeyRing::of_published(KeySet::default()), None);
    let one = KeyRing::first(fresh());
    let adopted = KeyRing::of_published(one.published.clone()).unwrap();
    assert_eq!((adopted.signing(), &adopted.secret), (one.signing(), &None));
}

#[test]
fn debug_output_contains_no_private_key() {
    let ring = KeyRing::first(fresh());
    let secret = ring.parameters()[SIGNING_KEY].clone();
    assert!(!format!("{ring:?} {:?}", next(&ring).0).contains(&secret));
}
