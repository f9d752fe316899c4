//! Queries of list totals.

use std::future::Future;

use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::command::StoreError;
use crate::projections::list_total::{ListKey, ListTotal};

/// Queries of list totals.
pub trait TotalReader: Clone + Send + Sync + 'static {
    /// Returns the sum of the totals of these lists, in one request. A list that was never counted has a
    /// total of 0. Implementations return [`StoreError`] only if the table does not respond.
    fn total(&self, lists: &[ListKey]) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl TotalReader for DynamoReader {
    async fn total(&self, lists: &[ListKey]) -> Result<u64, StoreError> {
        let totals: Vec<Option<ListTotal>> = self.readable(lists).await?;
        let sum: i64 = totals.into_iter().flatten().map(|total| total.count).sum();
        Ok(u64::try_from(sum).unwrap_or_default())
    }
}
