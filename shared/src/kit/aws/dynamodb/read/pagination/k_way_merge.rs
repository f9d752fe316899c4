//! K-way merge: reads several sorted partitions as one sorted list.
//!
//! ```text
//! partition 1:  [ a  d ]      buffered, exhausted
//! partition 2:  [ b  f  g ]   buffered, may have more        --> merged: a b d
//! partition 3:  [ ]           empty, read up to e, may have more
//!                             (watermark: e)
//! ```
//!
//! Each step takes the first of all buffered rows. If a partition has an empty buffer but may have more rows,
//! a row after its last read sort value cannot be taken yet. The least of these values is the watermark: in
//! the example, `f` waits until partition 3 has been read again. Then all partitions with an empty buffer are
//! refilled concurrently.

use std::cmp::Ordering;
use std::collections::VecDeque;

use futures::future::try_join_all;

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::read::query::{Query, Row, rows};
use crate::kit::command::StoreError;

/// Maximum number of refills of a filtered list for one page. Each refill reads twice as many items as the
/// one before, so that few requests go far: up to a thousand times the number of rows requested, or 1 MB
/// each.
const MAX_ROUNDS: u32 = 10;

/// Maximum number of refills that skip the rows before a page of an unfiltered list. Each reads up to 1 MB of
/// every partition, which takes 128 read units.
const MAX_SKIP_ROUNDS: u32 = 6;

/// Minimum number of rows that are read at once to skip rows, unless fewer are skipped.
const MIN_SKIP_BATCH: usize = 100;

/// The partitions of a list, each with its read position.
pub(super) struct KWayMerge {
    partitions: Vec<PartitionCursor>,
    descending: bool,
    filtered: bool,
}

/// Read position of a partition.
struct PartitionCursor {
    query: Query,
    /// Rows that were read and not taken yet.
    rows: VecDeque<Row>,
    /// Sort value up to which the partition has been read. If a filter excluded items, it is beyond the last
    /// row.
    reached: Option<String>,
    /// True if the partition may have more rows.
    has_more: bool,
}

/// Rows in the order of the list.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) stop: Stop,
}

/// Reason why no more rows were read.
pub(super) enum Stop {
    /// The requested number of rows is reached.
    Full,
    /// The list has no more rows.
    Exhausted,
    /// The limit of reads for one page is reached.
    ReadLimit,
}

/// Rows of a page, and the sort value after which the next page starts.
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
    /// True if a row after this page was read. A page of a filtered list may have a `next` although no row
    /// follows.
    pub(super) has_more: bool,
}

impl PartitionCursor {
    /// Returns true if the buffer is empty but the partition may have more rows.
    fn needs_refill(&self) -> bool {
        self.rows.is_empty() && self.has_more
    }

    async fn refill(&mut self, table: &Table, limit: usize) -> Result<(), StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let query = self.query.clone().limit(limit);
        let query = match &self.reached {
            Some(reached) => query.starting_after(reached.as_str()),
            None => query,
        };
        let (rows, reached) = rows(table, &query).await?;
        self.has_more = reached.is_some();
        self.reached = reached;
        self.rows.extend(rows);
        Ok(())
    }
}

impl KWayMerge {
    /// Merges `partitions`, starting after the sort value `after` or at the beginning.
    pub(super) fn new(partitions: &[Query], after: Option<String>) -> Self {
        let cursor = |query: &Query| PartitionCursor {
            query: query.clone(),
            rows: VecDeque::new(),
            reached: after.clone(),
            has_more: true,
        };
        Self {
            partitions: partitions.iter().map(cursor).collect(),
            descending: partitions.iter().any(Query::is_descending),
            filtered: partitions.iter().any(Query::has_filter),
        }
    }

    /// Reads a page of up to `length` rows. One more row is read to find out if there is a next page. In a
    /// filtered list, that row may be far away; there, a next page is assumed if anything is left to read.
    pub(super) async fn page(&mut self, table: &Table, length: usize) -> Result<Page, StoreError> {
        let count = if self.filtered { length } else { length + 1 };
        let max_rounds = if self.filtered { MAX_ROUNDS } else { u32::MAX };
        let Rows { mut rows, stop } = self.take(table, count, count, max_rounds).await?;
        let has_more =
            rows.len() > length || self.partitions.iter().any(|partition| !partition.rows.is_empty());
        let may_continue = has_more || self.partitions.iter().any(|partition| partition.has_more);
        rows.truncate(length);
        let next = match stop {
            Stop::Full if may_continue => rows.last().map(|last| last.sort.clone()),
            Stop::Full | Stop::Exhausted => None,
            Stop::ReadLimit => self.watermark().map(str::to_owned),
        };
        Ok(Page { rows, next, has_more })
    }

    /// Reads the next `count` rows in order to skip them. Each partition is read for its share of them.
    pub(super) async fn skip(&mut self, table: &Table, count: usize) -> Result<Rows, StoreError> {
        let max_rounds = if self.filtered { MAX_ROUNDS } else { MAX_SKIP_ROUNDS };
        self.take(table, count, MIN_SKIP_BATCH.min(count), max_rounds).await
    }

    /// Takes the next `count` rows. A refill reads at least `min_batch` items of a partition.
    async fn take(
        &mut self,
        table: &Table,
        count: usize,
        min_batch: usize,
        max_rounds: u32,
    ) -> Result<Rows, StoreError> {
        let mut taken: Vec<Row> = Vec::new();
        for round in 0.. {
            while taken.len() < count
                && let Some(row) = self.next_row()
            {
                // An item that moved to another partition during the reads may occur in both.
                if taken.last().is_none_or(|last| last.sort != row.sort) {
                    taken.push(row);
                }
            }
            let to_refill = self.partitions.iter().filter(|partition| partition.needs_refill()).count();
            if taken.len() == count {
                return Ok(Rows { rows: taken, stop: Stop::Full });
            } else if to_refill == 0 {
                return Ok(Rows { rows: taken, stop: Stop::Exhausted });
            } else if round == max_rounds {
                return Ok(Rows { rows: taken, stop: Stop::ReadLimit });
            }
            let share = (count - taken.len()).div_ceil(to_refill).max(min_batch);
            let share = if self.filtered { share << round } else { share };
            let refills = self
                .partitions
                .iter_mut()
                .filter(|partition| partition.needs_refill())
                .map(|partition| partition.refill(table, share));
            try_join_all(refills).await?;
        }
        Ok(Rows { rows: taken, stop: Stop::Exhausted })
    }

    /// Takes the first buffered row, unless a partition that needs a refill may have an earlier one.
    fn next_row(&mut self) -> Option<Row> {
        let needs_refill = self.partitions.iter().any(PartitionCursor::needs_refill);
        let watermark = if needs_refill { Some(self.watermark()?.to_owned()) } else { None };
        let descending = self.descending;
        let buffered = self.partitions.iter_mut().filter(|partition| !partition.rows.is_empty());
        let first = buffered.min_by(|a, b| compare(descending, head(a), head(b)))?;
        let is_after = |watermark: &String| compare(descending, head(first), watermark) == Ordering::Greater;
        if watermark.as_ref().is_some_and(is_after) { None } else { first.rows.pop_front() }
    }

    /// Least sort value up to which the partitions that need a refill have been read; `None` if one of them
    /// has not been read at all.
    fn watermark(&self) -> Option<&str> {
        let to_refill = self.partitions.iter().filter(|partition| partition.needs_refill());
        let reached: Option<Vec<&str>> = to_refill.map(|partition| partition.reached.as_deref()).collect();
        reached?.into_iter().min_by(|a, b| compare(self.descending, a, b))
    }
}

/// Sort value of the first buffered row.
fn head(partition: &PartitionCursor) -> &str {
    partition.rows.front().map_or("", |row| &row.sort)
}

/// Compares two sort values in the direction of the list.
fn compare(descending: bool, a: &str, b: &str) -> Ordering {
    if descending { b.cmp(a) } else { a.cmp(b) }
}
