//! Reading markets.

use std::future::Future;

use super::listing;
use super::ordered::{ListError, MAX_MATCHES, Order, OrderBy, Ordered, matches};
use crate::command::{Reads, StoreError};
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::text::Name;
use crate::domain::total::ListName;
use crate::dynamodb::query::Query;
use crate::dynamodb::schema::Index;
use crate::dynamodb::slice::{Listed, Slice};
use crate::dynamodb::{Consistency, DynamoReader};

/// What can be asked about markets. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an absent market is `None`.
pub trait MarketReader: Clone + Send + Sync + 'static {
    /// The market, if there is one.
    fn market(&self, id: MarketId) -> impl Future<Output = Result<Option<Market>, StoreError>> + Send;

    /// A slice of a list of markets. Implementations return [`ListError::TooManyMatches`] for searches only.
    fn markets(
        &self,
        list: &MarketList,
        slice: &Slice,
    ) -> impl Future<Output = Result<Listed<Market>, ListError>> + Send;
}

/// Which markets, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketList {
    /// Those of this status.
    pub status: MarketStatus,
    /// Those whose name begins so.
    pub search: Option<Name>,
    /// What they are ordered by.
    pub order: Order,
}

impl MarketList {
    /// The lists whose lengths make up its own; a search is counted when it is read.
    #[must_use]
    pub fn totals(&self) -> Vec<ListName> {
        match self.search {
            Some(_) => Vec::new(),
            None => vec![ListName::of(listing::markets(self.status))],
        }
    }
}

impl Ordered for Market {
    fn sort_by(&self, by: OrderBy) -> String {
        match by {
            OrderBy::CreatedAt => self.id.to_string(),
            OrderBy::Name => listing::name_sort(&self.name, &self.id.to_string()),
        }
    }
}

impl MarketReader for DynamoReader {
    async fn market(&self, id: MarketId) -> Result<Option<Market>, StoreError> {
        self.get(Reads::one(&id), Consistency::Eventual).await
    }

    async fn markets(&self, list: &MarketList, slice: &Slice) -> Result<Listed<Market>, ListError> {
        let partition = listing::markets(list.status);
        let Some(search) = &list.search else {
            return Ok(self.slice(&[list.order.query(partition)], slice).await?);
        };
        let most = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
        let query = Query::index(Index::ByName, partition, most).beginning_with(listing::name_prefix(search));
        let found: Vec<Market> = matches(self, std::iter::once(query)).await?;
        Ok(list.order.slice(found, slice))
    }
}
