//! Ids: prefixed, sortable by creation time, opaque to clients.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

use crate::kit::system::clock::{Entropy, Timestamp};

/// Type of entity that an id identifies.
pub trait Identified {
    /// Prefix of the ids, for example `ord`.
    const PREFIX: &'static str;
    /// Name of the entity in messages, for example `order`.
    const NOUN: &'static str;
}

/// Id of a `T`: its prefix and a [ULID](https://github.com/ulid/spec), for example
/// `ord_01J8Z3K5V0ABCDEFGHJKMNPQRS`.
///
/// ```
/// use shared::domain::values::id::Id;
/// use shared::domain::order::Order;
///
/// let id: Id<Order> = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
/// assert_eq!(id.to_string(), "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS");
/// assert!("usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse::<Id<Order>>().is_err());
/// ```
pub struct Id<T> {
    ulid: Ulid,
    of: PhantomData<fn() -> T>,
}

/// Id of an entity of any type, with the name of the entity; for messages like `order ord_… does not exist`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedId {
    noun: &'static str,
    prefix: &'static str,
    ulid: Ulid,
}

impl<T: Identified> From<Id<T>> for NamedId {
    fn from(id: Id<T>) -> Self {
        Self { noun: T::NOUN, prefix: T::PREFIX, ulid: id.ulid }
    }
}

impl fmt::Display for NamedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}_{}", self.noun, self.prefix, self.ulid)
    }
}

/// The text is not an id with the expected prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an id: {prefix}_ followed by 26 characters")]
pub struct IdError {
    prefix: &'static str,
}

impl<T: Identified> Id<T> {
    /// Generates a new id with the creation time `now`.
    #[must_use]
    pub fn generate(now: Timestamp, entropy: &impl Entropy) -> Self {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        Self { ulid: Ulid::from_parts(millis, entropy.random()), of: PhantomData }
    }

    /// Id derived from a digest, without randomness.
    #[must_use]
    pub const fn of_digest(digest: u128) -> Self {
        Self { ulid: Ulid(digest), of: PhantomData }
    }

    /// Lowest id that can be generated at `moment`.
    #[must_use]
    pub fn first_at(moment: Timestamp) -> Self {
        Self::of_digest(milliseconds(moment) << RANDOM_BITS)
    }

    /// Highest id that can be generated before `moment`; `None` if there is none.
    #[must_use]
    pub fn last_before(moment: Timestamp) -> Option<Self> {
        (milliseconds(moment) << RANDOM_BITS).checked_sub(1).map(Self::of_digest)
    }

    /// Number below `count`, selected by the random bits of the id.
    #[must_use]
    pub fn shard(self, count: u32) -> u32 {
        u32::try_from(self.ulid.0 % u128::from(count.max(1))).unwrap_or_default()
    }

    /// Id of the `U` that belongs one-to-one to this entity.
    #[must_use]
    pub const fn cast<U: Identified>(self) -> Id<U> {
        Id { ulid: self.ulid, of: PhantomData }
    }
}

/// Number of random bits of a ULID; the 48 bits before them are the time.
const RANDOM_BITS: u32 = 80;

/// Time in milliseconds since the Unix epoch, or zero before it. The calendar ends within the range of ULIDs.
fn milliseconds(moment: Timestamp) -> u128 {
    u128::try_from(moment.as_millis()).unwrap_or(0)
}

impl<T: Identified> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", T::PREFIX, self.ulid)
    }
}

impl<T: Identified> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: Identified> FromStr for Id<T> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError { prefix: T::PREFIX };
        let encoded = text.strip_prefix(T::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(error)?;
        let ulid = Ulid::from_string(encoded).map_err(|_| error)?;
        // Only the canonical spelling is valid: the parser also accepts lower case and look-alike characters.
        if ulid.to_string() == encoded { Ok(Self { ulid, of: PhantomData }) } else { Err(error) }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ulid == other.ulid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ulid.cmp(&other.ulid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ulid.hash(state);
    }
}

impl<T: Identified> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: Identified> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    use super::*;
    use crate::domain::order::Order;
    use crate::domain::order::payment::Payment;
    use crate::kit::system::clock::SystemEntropy;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let earlier = Id::<Order>::generate(Timestamp::from_millis(1_000), &SystemEntropy);
        let later = Id::<Order>::generate(Timestamp::from_millis(1_001), &SystemEntropy);
        assert!(earlier.to_string() < later.to_string());
    }

    #[test]
    fn ids_of_a_time_lie_between_its_bounds() {
        let bound = |millis: i64| u128::try_from(millis).unwrap() << 80;
        for millis in [1, 1_000, Timestamp::from_millis(i64::MAX).as_millis()] {
            let moment = Timestamp::from_millis(millis);
            let (first, last) = (Id::<Order>::first_at(moment), Id::<Order>::last_before(moment));
            assert_eq!((first.ulid.0, last), (bound(millis), Some(Id::of_digest(bound(millis) - 1))));
            let generated = Id::generate(moment, &SystemEntropy);
            assert!(first <= generated && generated < Id::of_digest(bound(millis + 1)));
        }
        let epoch = Timestamp::from_millis(0);
        assert_eq!((Id::<Order>::first_at(epoch), Id::<Order>::last_before(epoch)), (Id::of_digest(0), None));
    }

    #[test]
    fn all_text_forms_of_an_id_are_equal() {
        let text = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";
        let id: Id<Order> = text.parse().unwrap();
        assert_eq!((id.to_string(), format!("{id:?}")), (text.to_owned(), text.to_owned()));
        assert_eq!(serde_json::to_value(id).unwrap(), text);
        assert_eq!(serde_json::from_value::<Id<Order>>(text.into()).unwrap(), id);
        assert!(serde_json::from_value::<Id<Order>>("usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".into()).is_err());
    }

    #[test]
    fn ids_compare_and_hash_by_their_value() {
        let [low, high] = [1, 2].map(Id::<Order>::of_digest);
        assert!(low < high && low != high);
        assert_eq!(high.cast::<Payment>().cast::<Order>(), high);
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        assert_ne!(hasher.hash_one(low), hasher.hash_one(high));
    }

    #[test]
    fn only_the_canonical_spelling_is_an_id() {
        for text in [
            "",
            "ord_",
            "ord_01j8z3k5v0abcdefghjkmnpqrs",
            "ord_01J8Z3K5V0ABCDEFGHJKMNPQR",
            "ord_01J8Z3K5V0ABCDEFGHJKMNPQRSX",
            "ord_01J8Z3K5V0#USER#XXXXXXXXXX",
            "ORD_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "ord_91J8Z3K5V0ABCDEFGHJKMNPQRS",
        ] {
            assert!(text.parse::<Id<Order>>().is_err(), "{text}");
        }
    }
}
