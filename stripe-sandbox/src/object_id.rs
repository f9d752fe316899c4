//! Ids of objects, events and requests.

use fastrand::Rng;
use jiff::Timestamp;
use ulid::Ulid;

/// Generates an id with Stripe's prefix, such as `pi_01J…`. Ids sort by time.
pub(super) fn object_id(prefix: &str, now: Timestamp, rng: &mut Rng) -> String {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
    format!("{prefix}_{}", Ulid::from_parts(milliseconds, rng.u128(..)))
}
