//! Names in the table: attributes that every item has, indexes, and the keys of the kit's own items.

use crate::kit::command::{IdempotencyRecord, IndexEntries, Key};

/// Partition key.
pub const PK: &str = "pk";
/// Sort key.
pub const SK: &str = "sk";
/// What kind of item it is.
pub const KIND: &str = "kind";
/// The version of an entity.
pub const VERSION: &str = "version";
/// When DynamoDB may delete the item, in seconds since the Unix epoch. It does so days late.
pub const TTL: &str = "ttl";

/// The kind of an event that waits to be published; the stream's filter in the template names it too.
pub const OUTBOX_KIND: &str = "outbox-event";
/// The kind of a receipt.
pub const RECEIPT_KIND: &str = "receipt";

/// Over how many partitions the outbox is spread: each takes 1,000 writes a second.
pub const OUTBOX_SHARDS: u32 = 16;

/// An index of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Children of a parent, in the order of their ids: the markets of a status, the products of a market, the dead
    /// letters of a queue and status, the accounts of a status and role.
    ByParent,
    /// The same children in the order of their names, for sorting by name and for finding the beginning of one: the
    /// accounts of a status and role.
    ByName,
    /// What one person owns, in the order of ids: the orders of a buyer. Accounts, which own themselves, in the order
    /// of their addresses, for finding the beginning of one.
    ByOwner,
    /// What falls due, in the order of time: orders that wait for their payment, discrepancies to be looked at again.
    Due,
}

impl Index {
    /// Its name in the template.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByParent => "by-parent",
            Self::ByName => "by-name",
            Self::ByOwner => "by-owner",
            Self::Due => "due",
        }
    }

    /// The attributes that it is keyed by: partition, sort.
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

/// The lists an item appears in, with the index of each.
pub(super) fn listed(listings: IndexEntries) -> impl Iterator<Item = (Index, (String, String))> {
    let parent = listings.by_parent.as_ref().map(|(partition, _)| partition.clone());
    [
        (Index::ByName, parent.zip(listings.name)),
        (Index::ByParent, listings.by_parent),
        (Index::ByOwner, listings.by_owner),
        (Index::Due, listings.due),
    ]
    .into_iter()
    .filter_map(|(index, place)| place.map(|place| (index, place)))
}

/// Where a receipt stands.
pub(super) fn receipt_key(receipt: &IdempotencyRecord) -> Key {
    Key { pk: format!("receipt#{}", receipt.scope), sk: RECEIPT_KIND.to_owned() }
}

/// The partition of the outbox that holds the events of `subject`.
#[must_use]
pub fn outbox_partition(subject: &str) -> String {
    outbox_shard(shard_of(subject, OUTBOX_SHARDS))
}

/// The partition of the outbox with this number.
#[must_use]
pub fn outbox_shard(shard: u32) -> String {
    format!("outbox#{shard:02}")
}

/// Spreads texts evenly over `shards`, the same way in every build (FNV-1a).
#[must_use]
pub fn shard_of(text: &str, shards: u32) -> u32 {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % shards
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_even_within_a_tenth() {
        let mut counts = [0_i32; 16];
        for n in 0..16_000 {
            counts[shard_of(&format!("ord_{n:026}"), 16) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (900..=1_100).contains(count)), "{counts:?}");
    }
}
