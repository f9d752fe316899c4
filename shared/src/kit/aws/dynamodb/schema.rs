//! Table schema: attributes that every item has, indexes, and the keys of the kit's own items.

use std::hash::Hasher as _;

use fnv::FnvHasher;

use crate::kit::command::{IdempotencyRecord, IndexEntries, Key};

/// Partition key.
pub const PK: &str = "pk";
/// Sort key.
pub const SK: &str = "sk";
/// Kind of the item.
pub const KIND: &str = "kind";
/// Version of an entity.
pub const VERSION: &str = "version";
/// Time after which DynamoDB may delete the item, in seconds since the Unix epoch. It deletes items up to
/// days late.
pub const TTL: &str = "ttl";

/// Kind of an event in the outbox. The filter of the stream in the template contains it, too.
pub const OUTBOX_KIND: &str = "outbox-event";
/// Kind of an idempotency record.
pub const IDEMPOTENCY_RECORD_KIND: &str = "idempotency-record";
/// Kind of the counters of a rate limit.
pub const LIMIT_KIND: &str = "limit";

/// Number of partitions of the outbox; each accepts 1,000 writes per second.
pub const OUTBOX_SHARDS: u32 = 16;

/// An index of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Children of a parent, by id: the markets of a status, the products of a market, the dead letters of a
    /// queue and status, the accounts of a status and role.
    ByParent,
    /// The same children by name, for sorting by name and searching by prefix: the accounts of a status and
    /// role.
    ByName,
    /// Entities of an owner, by id: the orders of a buyer. Accounts own themselves and are sorted by e-mail
    /// address, for searching by prefix.
    ByOwner,
    /// Entities by due time: orders that await their payment, discrepancies to check again.
    Due,
}

impl Index {
    /// Name of the index in the template.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByParent => "by-parent",
            Self::ByName => "by-name",
            Self::ByOwner => "by-owner",
            Self::Due => "due",
        }
    }

    /// Key attributes of the index: (partition, sort).
    #[must_use]
    pub const fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::ByParent => ("parentKey", "parentSort"),
            Self::ByName => ("parentKey", "nameSort"),
            Self::ByOwner => ("ownerKey", "ownerSort"),
            Self::Due => ("dueShard", "dueAt"),
        }
    }
}

/// Index entries of an item, with the index of each.
pub(super) fn index_entries(listings: IndexEntries) -> impl Iterator<Item = (Index, (String, String))> {
    let parent = listings.by_parent.as_ref().map(|(partition, _)| partition.clone());
    [
        (Index::ByName, parent.zip(listings.name)),
        (Index::ByParent, listings.by_parent),
        (Index::ByOwner, listings.by_owner),
        (Index::Due, listings.due),
    ]
    .into_iter()
    .filter_map(|(index, entry)| entry.map(|entry| (index, entry)))
}

/// Key of an idempotency record.
pub(super) fn idempotency_record_key(record: &IdempotencyRecord) -> Key {
    Key { pk: format!("idempotency#{}", record.scope), sk: IDEMPOTENCY_RECORD_KIND.to_owned() }
}

/// Partition of the outbox for the events of `subject`.
#[must_use]
pub fn outbox_partition(subject: &str) -> String {
    outbox_shard(shard_of(subject, OUTBOX_SHARDS))
}

/// Partition of the outbox with this number.
#[must_use]
pub fn outbox_shard(shard: u32) -> String {
    format!("outbox#{shard:02}")
}

/// Assigns a text to one of `shards`, evenly. The number is stored: it must be the same in every release
/// (64-bit FNV-1a).
#[must_use]
pub fn shard_of(text: &str, shards: u32) -> u32 {
    let mut hasher = FnvHasher::default();
    hasher.write(text.as_bytes());
    u32::try_from(hasher.finish() % u64::from(shards)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shard_sizes_differ_by_at_most_ten_percent() {
        let mut counts = [0_i32; 16];
        for n in 0..16_000 {
            counts[shard_of(&format!("ord_{n:026}"), 16) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (900..=1_100).contains(count)), "{counts:?}");
    }
}
