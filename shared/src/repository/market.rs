//! Reading markets.

use std::future::Future;

use super::listing;
use crate::command::{Reads, StoreError};
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;
use crate::dynamodb::{Consistency, DynamoReader};

/// What can be asked about markets. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an absent market is `None`.
pub trait MarketReader: Clone + Send + Sync + 'static {
    /// The market, if there is one.
    fn market(&self, id: MarketId) -> impl Future<Output = Result<Option<Market>, StoreError>> + Send;

    /// Markets of a status, newest first.
    fn markets(
        &self,
        status: MarketStatus,
        limit: u32,
        after: Option<Position>,
    ) -> impl Future<Output = Result<Page<Market>, StoreError>> + Send;
}

impl MarketReader for DynamoReader {
    async fn market(&self, id: MarketId) -> Result<Option<Market>, StoreError> {
        self.get(Reads::one(&id), Consistency::Eventual).await
    }

    async fn markets(
        &self,
        status: MarketStatus,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Market>, StoreError> {
        self.list(&Query::index(Index::ByParent, listing::markets(status), limit).newest_first().after(after))
            .await
    }
}
