//! Slices of lists: by number or by place, of one partition or of several that make one order.
//!
//! A list over several partitions reads some of each and merges them. What comes before a slice is counted off by the
//! table, or passed over by its sort values alone. What a slice costs depends on where it stands and how long it is, never on how long the list is.

mod k_way_merge;

use futures::future::try_join_all;

use super::query::{Query, count};
use super::reader::DynamoReader;
use crate::kit::command::page::{Listed, Slice, Start};
use crate::kit::command::read_set::parse;
use crate::kit::command::{Record, StoreError};
use k_way_merge::{Merge, Rows, Stop};

/// Why there is no slice.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SliceError {
    /// Of a narrowed list: what belongs to it lies too far apart.
    #[error("what belongs to the list lies too far apart to be counted off")]
    TooSparse,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What there is before a slice.
enum Passed {
    /// As much as was asked for, up to this place.
    All(String),
    /// Everything, which is less.
    Only(usize),
}

impl DynamoReader {
    /// Reads a slice of the list that `partitions` make: queries of one index, in one direction, each of a partition.
    ///
    /// Where a filter narrows the list, what is left out is read and paid for all the same, so there is a bound to it. A
    /// slice behind a place may then be shorter than its limit, and even empty, and yet have a next.
    ///
    /// # Errors
    /// [`SliceError::TooSparse`] for a slice by number that would have to go beyond that bound; [`SliceError::Store`]
    /// when the table does not answer or an item does not read.
    pub async fn slice<R: Record>(
        &self,
        partitions: &[Query],
        slice: &Slice,
    ) -> Result<Listed<R>, SliceError> {
        let (behind, before) = match &slice.start {
            Start::After(place) => (Some(place.clone()), 0),
            Start::First | Start::Offset(0) => (None, 0),
            Start::Offset(offset) => match self.pass(partitions, *offset).await? {
                Passed::All(place) => (Some(place), usize::try_from(*offset).unwrap_or(usize::MAX)),
                Passed::Only(proven) => {
                    return Ok(Listed { items: Vec::new(), next: None, proven, total: None });
                }
            },
        };
        let page = Merge::new(partitions, behind).page(self.table(), slice.length()).await?;
        let by_number = matches!(slice.start, Start::Offset(_));
        if by_number && page.next.is_some() && page.rows.len() < slice.length() {
            return Err(SliceError::TooSparse);
        }
        let proven = before + page.rows.len() + usize::from(page.sees_more);
        let items = page.rows.into_iter().map(|row| parse(row.item)).collect::<Result<_, _>>();
        Ok(Listed { items: items.map_err(StoreError::from)?, next: page.next, proven, total: None })
    }

    /// How many things the list has that `partitions` make, as the table counts them now; of each partition at most
    /// `bound` are counted. For lists that nobody keeps count of.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn length(&self, partitions: &[Query], bound: u32) -> Result<u64, StoreError> {
        let counts = partitions.iter().map(|partition| self.count_off(partition, bound));
        let counts = try_join_all(counts).await?.into_iter().map(|passed| match passed {
            Passed::All(_) => u64::from(bound),
            Passed::Only(count) => u64::try_from(count).unwrap_or(u64::MAX),
        });
        Ok(counts.sum())
    }

    /// Passes over `count` things. The table counts those of one partition; the order of several, and what a filter leaves
    /// in, is seen from the sort values.
    async fn pass(&self, partitions: &[Query], count: u32) -> Result<Passed, SliceError> {
        if let [whole] = partitions
            && !whole.is_narrowed()
        {
            return Ok(self.count_off(whole, count).await?);
        }
        let bare: Vec<Query> = partitions.iter().cloned().map(Query::bare).collect();
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let Rows { mut rows, stop } = Merge::new(&bare, None).pass(self.table(), wanted).await?;
        match (stop, rows.pop()) {
            (Stop::Bound, _) => Err(SliceError::TooSparse),
            (Stop::Full, Some(last)) => Ok(Passed::All(last.sort)),
            (_, last) => Ok(Passed::Only(rows.len() + usize::from(last.is_some()))),
        }
    }

    /// Lets the table count `wanted` things of a partition, in as many requests as it reads megabytes.
    async fn count_off(&self, partition: &Query, wanted: u32) -> Result<Passed, StoreError> {
        let (mut query, mut passed) = (partition.clone(), 0);
        loop {
            let limit = wanted.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
            let (count, reached) = count(self.table(), &query.clone().limit(limit)).await?;
            passed += count;
            let Some(reached) = reached else { return Ok(Passed::Only(passed)) };
            if u32::try_from(passed).is_ok_and(|passed| passed >= wanted) {
                return Ok(Passed::All(reached));
            }
            query = query.beyond(reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_what_was_counted_and_never_less_than_what_the_slice_proves() {
        let slice = |proven, total| Listed::<()> { items: Vec::new(), next: None, proven, total };
        for (proven, count, total) in [(61, 0, 61), (61, 60, 61), (61, 150, 150), (0, 0, 0)] {
            assert_eq!(slice(proven, None).counted(count).total, Some(total));
        }
        assert_eq!(slice(3, Some(3)).counted(9).total, Some(3), "what is known is not counted");
    }
}
