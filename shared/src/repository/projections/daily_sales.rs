//! Queries of daily sales.

use std::future::Future;

use crate::domain::market::MarketId;
use crate::domain::values::date::Date;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::command::{Record, StoreError};
use crate::projections::daily_sales::{DailySales, DailySalesKey};

/// Maximum number of days of a query: a leap year.
pub const MAX_DAYS: u32 = 366;

/// Queries of daily sales.
pub trait SalesReader: Clone + Send + Sync + 'static {
    /// Loads the sales of a market per day, from `from` to `to` inclusive, in one request for up to
    /// [`MAX_DAYS`]. Days without sales are omitted. Implementations return [`StoreError`] only if the table
    /// does not respond.
    fn sales(
        &self,
        market: MarketId,
        from: Date,
        to: Date,
    ) -> impl Future<Output = Result<Vec<DailySales>, StoreError>> + Send;
}

impl SalesReader for DynamoReader {
    async fn sales(&self, market: MarketId, from: Date, to: Date) -> Result<Vec<DailySales>, StoreError> {
        let key = |day| DailySales::key(&DailySalesKey { market_id: market, day });
        let (first, last) = (key(from), key(to));
        let days = Query::table(first.pk, MAX_DAYS).between(first.sk, last.sk);
        let page: Page<DailySales> = self.list(&days).await?;
        Ok(page.items)
    }
}
