//! Reading how many things lists have.

use std::future::Future;

use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{ReadSet, StoreError};
use crate::projections::list_total::{ListKey, ListTotal};

/// Knows the lengths of lists.
pub trait TotalReader: Clone + Send + Sync + 'static {
    /// How many things these lists have together, as far as they have been counted: in one request, whatever their lengths.
    /// Implementations return [`StoreError`] when the table does not answer; a list that was never counted has nothing.
    fn total(&self, lists: &[ListKey]) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl TotalReader for DynamoReader {
    async fn total(&self, lists: &[ListKey]) -> Result<u64, StoreError> {
        let totals: Vec<Option<ListTotal>> = self.get(ReadSet::get_all(lists), Consistency::Eventual).await?;
        let sum: i64 = totals.into_iter().flatten().map(|total| total.count).sum();
        Ok(u64::try_from(sum).unwrap_or_default())
    }
}
