//! Reading what markets sold.

use std::future::Future;

use crate::domain::market::MarketId;
use crate::domain::values::date::Date;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::command::{Record, StoreError};
use crate::projections::daily_sales::{DailySales, DailySalesKey};

/// How many days can be read at once: a leap year.
pub const MAX_DAYS: u32 = 366;

/// What can be asked about sales.
pub trait SalesReader: Clone + Send + Sync + 'static {
    /// What a market sold from one day to another, both included, day by day; days without a sale are left out. In one
    /// request, for up to [`MAX_DAYS`]. Implementations return [`StoreError`] when the table does not answer, and nothing
    /// else.
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
