//! Slices of lists: by number or by place, of one partition or of several that make one order.
//!
//! A list over several partitions reads some of each and merges them. What comes before a slice is counted off by the
//! table, or passed over by its sort values alone. What a slice costs depends on where it stands and how long it is, never on how long the list is.

mod k_way_merge;

use futures::future::try_join_all;

use super::query::{Query, count};
use super::reader::DynamoReader;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::command::read_set::parse;
use crate::kit::command::{Record, StoreError};
use k_way_merge::{Merge, Rows, Stop};

/// Why there is no slice.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SliceError {
    /// Of a narrowed list: what belongs to it lies too far apart.
    #[error("what belongs to the list lies too far apart to be counted off")]
    FilterTooSelective,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What there is before a slice.
enum Skipped {
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
        slice: &PageRequest,
    ) -> Result<ListPage<R>, SliceError> {
        let (behind, before) = match &slice.start {
            Start::After(place) => (Some(place.clone()), 0),
            Start::First | Start::Offset(0) => (None, 0),
            Start::Offset(offset) => match self.skip(partitions, *offset).await? {
                Skipped::All(place) => (Some(place), usize::try_from(*offset).unwrap_or(usize::MAX)),
                Skipped::Only(proven) => {
                    return Ok(ListPage { items: Vec::new(), next: None, min_total: proven, total: None });
                }
            },
        };
        let page = Merge::new(partitions, behind).page(self.table(), slice.length()).await?;
        let by_number = matches!(slice.start, Start::Offset(_));
        if by_number && page.next.is_some() && page.rows.len() < slice.length() {
            return Err(SliceError::FilterTooSelective);
        }
        let proven = before + page.rows.len() + usize::from(page.sees_more);
        let items = page.rows.into_iter().map(|row| parse(row.item)).collect::<Result<_, _>>();
        Ok(ListPage {
            items: items.map_err(StoreError::from)?,
            next: page.next,
            min_total: proven,
            total: None,
        })
    }

    /// How many things the list has that `partitions` make, as the table counts them now; of each partition at most
    /// `bound` are counted. For lists that nobody keeps count of.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn length(&self, partitions: &[Query], bound: u32) -> Result<u64, StoreError> {
        let counts = partitions.iter().map(|partition| self.skip_counting(partition, bound));
        let counts = try_join_all(counts).await?.into_iter().map(|passed| match passed {
            Skipped::All(_) => u64::from(bound),
            Skipped::Only(count) => u64::try_from(count).unwrap_or(u64::MAX),
        });
        Ok(counts.sum())
    }

    /// Passes over `count` things. The table counts those of one partition; the order of several, and what a filter leaves
    /// in, is seen from the sort values.
    async fn skip(&self, partitions: &[Query], count: u32) -> Result<Skipped, SliceError> {
        if let [whole] = partitions
            && !whole.has_filter()
        {
            return Ok(self.skip_counting(whole, count).await?);
        }
        let bare: Vec<Query> = partitions.iter().cloned().map(Query::sort_keys_only).collect();
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let Rows { mut rows, stop } = Merge::new(&bare, None).pass(self.table(), wanted).await?;
        match (stop, rows.pop()) {
            (Stop::Bound, _) => Err(SliceError::FilterTooSelective),
            (Stop::Full, Some(last)) => Ok(Skipped::All(last.sort)),
            (_, last) => Ok(Skipped::Only(rows.len() + usize::from(last.is_some()))),
        }
    }

    /// Lets the table count `wanted` things of a partition, in as many requests as it reads megabytes.
    async fn skip_counting(&self, partition: &Query, wanted: u32) -> Result<Skipped, StoreError> {
        let (mut query, mut passed) = (partition.clone(), 0);
        loop {
            let limit = wanted.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
            let (count, reached) = count(self.table(), &query.clone().limit(limit)).await?;
            passed += count;
            let Some(reached) = reached else { return Ok(Skipped::Only(passed)) };
            if u32::try_from(passed).is_ok_and(|passed| passed >= wanted) {
                return Ok(Skipped::All(reached));
            }
            query = query.starting_after(reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_what_was_counted_and_never_less_than_what_the_slice_proves() {
        let slice =
            |proven, total| ListPage::<()> { items: Vec::new(), next: None, min_total: proven, total };
        for (proven, count, total) in [(61, 0, 61), (61, 60, 61), (61, 150, 150), (0, 0, 0)] {
            assert_eq!(slice(proven, None).with_total(count).total, Some(total));
        }
        assert_eq!(slice(3, Some(3)).with_total(9).total, Some(3), "what is known is not counted");
    }
}
