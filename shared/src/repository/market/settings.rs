//! Queries of the settings of markets.

use std::future::Future;

use crate::domain::market::settings::{MarketSettings, Settings};
use crate::domain::market::{Market, MarketId};
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{Entity, ReadSet, StoreError};

/// Queries of the settings of markets.
pub trait SettingsReader: Clone + Send + Sync + 'static {
    /// Loads a market with settings of one kind, in one request and strongly consistent, so that a caller reads
    /// what it has set. Implementations return [`StoreError`] only if the table does not respond.
    fn market_settings<S: Settings>(
        &self,
        id: MarketId,
    ) -> impl Future<Output = Result<(Option<Market>, Option<MarketSettings<S>>), StoreError>> + Send
    where
        MarketSettings<S>: Entity<Id = MarketId>;
}

impl SettingsReader for DynamoReader {
    async fn market_settings<S: Settings>(
        &self,
        id: MarketId,
    ) -> Result<(Option<Market>, Option<MarketSettings<S>>), StoreError>
    where
        MarketSettings<S>: Entity<Id = MarketId>,
    {
        self.get(ReadSet::get(&id).and(ReadSet::get(&id)), Consistency::Strong).await
    }
}
