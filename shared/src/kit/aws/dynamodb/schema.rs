//! Table schema: attributes that every item has, indexes, and the keys of the kit's own items.

use crate::kit::command::{IdempotencyRecord, IndexEntries, Key};
use crate::kit::system::shard::shard_of;

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

/// Part of an entity that lists show. The indexes of summaries contain it as their only attribute beside keys
/// and `expiresAt`, so an update that does not change it writes nothing to them.
pub const SUMMARY: &str = "summary";

/// Kind of an event in the outbox. The filter of the stream in the template contains it, too.
pub const OUTBOX_KIND: &str = "outbox-event";
/// Kind of an event in the event log.
pub const LOGGED_EVENT_KIND: &str = "logged-event";
/// Kind of an idempotency record.
pub const IDEMPOTENCY_RECORD_KIND: &str = "idempotency-record";
/// Kind of the counters of a rate limit.
pub const LIMIT_KIND: &str = "limit";

/// Number of partitions of the outbox; each accepts 1,000 writes per second.
pub const OUTBOX_SHARDS: u32 = 16;

/// Number of partitions of the event log for one scope and one day.
pub const EVENT_LOG_SHARDS: u32 = 4;

/// Scope of events that belong to no other scope.
pub const PLATFORM_SCOPE: &str = "platform";

/// An index of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Index {
    /// Children of a parent, by id: the dead letters of a queue and status. Totals of markets by volume, logged
    /// events of a subject by time, and journal entries of a market by time.
    ByParent,
    /// Summaries of the children of a parent, by id: the markets of a status, the accounts of a role and
    /// status, the jobs of an owner and status, the products of a market and status, the orders of a market.
    SummariesByParent,
    /// The same summaries of markets, accounts and products, sorted by name.
    SummariesByName,
    /// Summaries of the entities of an owner, by id: the jobs and the orders of a user. Accounts are sorted by
    /// e-mail address, for searching by prefix; the products of a market and status by price.
    SummariesByOwner,
    /// Entities by due time: orders that await their payment, unfinished orders and jobs to examine,
    /// discrepancies to check again.
    Due,
}

impl Index {
    /// Name of the index in the template.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByParent => "by-parent",
            Self::SummariesByParent => "summaries-by-parent",
            Self::SummariesByName => "summaries-by-name",
            Self::SummariesByOwner => "summaries-by-owner",
            Self::Due => "due",
        }
    }

    /// Key attributes of the index: (partition, sort).
    #[must_use]
    pub const fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::ByParent => ("parentKey", "parentSort"),
            Self::SummariesByParent => ("listKey", "listSort"),
            Self::SummariesByName => ("listKey", "nameSort"),
            Self::SummariesByOwner => ("listOwnerKey", "listOwnerSort"),
            Self::Due => ("dueShard", "dueAt"),
        }
    }

    /// Returns true if the index contains summaries instead of whole entities.
    #[must_use]
    pub const fn contains_summaries(self) -> bool {
        matches!(self, Self::SummariesByParent | Self::SummariesByName | Self::SummariesByOwner)
    }
}

/// Index entries of an item, with the index of each.
pub(super) fn index_entries(entries: IndexEntries) -> impl Iterator<Item = (Index, (String, String))> {
    let by_parent = match entries.summary {
        Some(_) => Index::SummariesByParent,
        None => Index::ByParent,
    };
    let parent = entries.by_parent.as_ref().map(|(partition, _)| partition.clone());
    [
        (Index::SummariesByName, parent.zip(entries.name)),
        (by_parent, entries.by_parent),
        (Index::SummariesByOwner, entries.by_owner),
        (Index::Due, entries.due),
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

/// Partition of the event log for the events of `subject` in `scope` on `day` (`2027-01-15`).
#[must_use]
pub fn event_log_partition(scope: &str, day: &str, subject: &str) -> String {
    event_log_shard(scope, day, shard_of(subject, EVENT_LOG_SHARDS))
}

/// Partition of the event log with this number, for `scope` and `day`.
#[must_use]
pub fn event_log_shard(scope: &str, day: &str, shard: u32) -> String {
    format!("events#{scope}#{day}#{shard}")
}

/// Partition of the index `by-parent` for the logged events of `subject`.
#[must_use]
pub fn subject_events(subject: &str) -> String {
    format!("events#{subject}")
}
