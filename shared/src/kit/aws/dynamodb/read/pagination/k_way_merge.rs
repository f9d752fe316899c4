//! Several partitions, read as one list.

use std::cmp::Ordering;
use std::collections::VecDeque;

use futures::future::try_join_all;

use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::read::query::{Query, Row, rows};
use crate::kit::command::StoreError;

/// How often each partition of a narrowed list is read for one slice. Every time twice as much is looked at, so that few
/// requests go far: up to a thousand times as far as there are things wanted, or 1 MB each.
const MAX_ROUNDS: u32 = 10;

/// How much is passed over at once at least.
const MIN_SKIP_BATCH: usize = 100;

/// The partitions of a list, each as far as it has been read.
pub(super) struct Merge {
    lanes: Vec<PartitionCursor>,
    descending: bool,
    narrowed: bool,
}

/// A partition.
struct PartitionCursor {
    query: Query,
    /// What was read and is not taken yet.
    rows: VecDeque<Row>,
    /// How far it has been read, which is further than its rows where some were left out.
    reached: Option<String>,
    /// Whether there may be more.
    rest: bool,
}

/// Rows in the order of the list.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) stop: Stop,
}

/// Why there are no more rows.
pub(super) enum Stop {
    /// There are as many as were wanted.
    Full,
    /// The list has no more.
    Ended,
    /// Enough was read for one slice.
    Bound,
}

/// Rows that make a page, and the place behind which the next begins.
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
    /// Whether a row was seen that comes after these: a narrowed list may have a next where there is none.
    pub(super) sees_more: bool,
}

impl PartitionCursor {
    /// Whether nobody knows what comes next of it.
    fn needs_refill(&self) -> bool {
        self.rows.is_empty() && self.rest
    }

    async fn refill(&mut self, table: &Table, limit: usize) -> Result<(), StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let query = self.query.clone().limit(limit);
        let query = match &self.reached {
            Some(reached) => query.starting_after(reached.as_str()),
            None => query,
        };
        let (rows, reached) = rows(table, &query).await?;
        self.rest = reached.is_some();
        self.reached = reached;
        self.rows.extend(rows);
        Ok(())
    }
}

impl Merge {
    /// The list that begins behind a place, or at its beginning.
    pub(super) fn new(partitions: &[Query], behind: Option<String>) -> Self {
        let lane = |query: &Query| PartitionCursor {
            query: query.clone(),
            rows: VecDeque::new(),
            reached: behind.clone(),
            rest: true,
        };
        Self {
            lanes: partitions.iter().map(lane).collect(),
            descending: partitions.iter().any(Query::is_newest_first),
            narrowed: partitions.iter().any(Query::has_filter),
        }
    }

    /// A page of up to `length` rows. Whether there is more is seen from one row more; in a narrowed list, where that row may
    /// lie far away, from whether there is anything left to look at.
    pub(super) async fn page(&mut self, table: &Table, length: usize) -> Result<Page, StoreError> {
        let wanted = if self.narrowed { length } else { length + 1 };
        let Rows { mut rows, stop } = self.take(table, wanted, wanted).await?;
        let sees_more = rows.len() > length || self.lanes.iter().any(|lane| !lane.rows.is_empty());
        let may_go_on = sees_more || self.lanes.iter().any(|lane| lane.rest);
        rows.truncate(length);
        let next = match stop {
            Stop::Full if may_go_on => rows.last().map(|last| last.sort.clone()),
            Stop::Full | Stop::Ended => None,
            Stop::Bound => self.watermark().map(str::to_owned),
        };
        Ok(Page { rows, next, sees_more })
    }

    /// The next `count` rows, to be passed over. Each partition is read for its share of them.
    pub(super) async fn pass(&mut self, table: &Table, count: usize) -> Result<Rows, StoreError> {
        self.take(table, count, MIN_SKIP_BATCH).await
    }

    /// The next `wanted` rows; of each partition that must be read for them, at least `least`.
    async fn take(&mut self, table: &Table, wanted: usize, least: usize) -> Result<Rows, StoreError> {
        let mut taken: Vec<Row> = Vec::new();
        for round in 0.. {
            while taken.len() < wanted
                && let Some(row) = self.next_row()
            {
                // What moved from one partition to another while they were read stands in both.
                if taken.last().is_none_or(|last| last.sort != row.sort) {
                    taken.push(row);
                }
            }
            let dry = self.lanes.iter().filter(|lane| lane.needs_refill()).count();
            if taken.len() == wanted {
                return Ok(Rows { rows: taken, stop: Stop::Full });
            } else if dry == 0 {
                return Ok(Rows { rows: taken, stop: Stop::Ended });
            } else if self.narrowed && round == MAX_ROUNDS {
                return Ok(Rows { rows: taken, stop: Stop::Bound });
            }
            let share = (wanted - taken.len()).div_ceil(dry).max(least);
            let share = if self.narrowed { share << round } else { share };
            let reads = self
                .lanes
                .iter_mut()
                .filter(|lane| lane.needs_refill())
                .map(|lane| lane.refill(table, share));
            try_join_all(reads).await?;
        }
        Ok(Rows { rows: taken, stop: Stop::Ended })
    }

    /// The first row that is left, if it is known to be the first: none of a partition that is not read that far can come
    /// before it.
    fn next_row(&mut self) -> Option<Row> {
        let is_open = self.lanes.iter().any(PartitionCursor::needs_refill);
        let horizon = if is_open { Some(self.watermark()?.to_owned()) } else { None };
        let descending = self.descending;
        let heads = self.lanes.iter_mut().filter(|lane| !lane.rows.is_empty());
        let first = heads.min_by(|a, b| compare(descending, head(a), head(b)))?;
        let is_behind = |horizon: &String| compare(descending, head(first), horizon) == Ordering::Greater;
        if horizon.as_ref().is_some_and(is_behind) { None } else { first.rows.pop_front() }
    }

    /// How far all partitions that must be read again have been read; `None` if one of them has not been read at all.
    fn watermark(&self) -> Option<&str> {
        let dry = self.lanes.iter().filter(|lane| lane.needs_refill());
        let reached: Option<Vec<&str>> = dry.map(|lane| lane.reached.as_deref()).collect();
        reached?.into_iter().min_by(|a, b| compare(self.descending, a, b))
    }
}

/// Where the first row of a lane stands.
fn head(lane: &PartitionCursor) -> &str {
    lane.rows.front().map_or("", |row| &row.sort)
}

fn compare(descending: bool, a: &str, b: &str) -> Ordering {
    if descending { b.cmp(a) } else { a.cmp(b) }
}
