//! Queries of products.

use std::future::Future;

use crate::domain::market::MarketId;
use crate::domain::product::create::StockedProduct;
use crate::domain::product::{Product, ProductId, Stock};
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{ReadSet, StoreError};
use crate::projections::list_total::ListKey;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// Queries of products. Implementations return [`StoreError`] only if the table does not respond; an absent
/// product is `None`.
pub trait ProductReader: Clone + Send + Sync + 'static {
    /// Loads a product with its stock.
    fn product(
        &self,
        id: ProductId,
    ) -> impl Future<Output = Result<Option<StockedProduct>, StoreError>> + Send;

    /// Loads a page of the products of a market with their stock, newest first: one request for the list and
    /// one for all stocks.
    fn products_of(
        &self,
        market: MarketId,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<StockedProduct>, ListError>> + Send;
}

/// Key of the total of a market's products.
#[must_use]
pub fn total_of(market: MarketId) -> ListKey {
    ListKey::of(partitions::products_of(market))
}

impl ProductReader for DynamoReader {
    async fn product(&self, id: ProductId) -> Result<Option<StockedProduct>, StoreError> {
        let reads = ReadSet::<Option<Product>>::get(&id).and(ReadSet::<Option<Stock>>::get(&id));
        let (product, stock) = self.get(reads, Consistency::Eventual).await?;
        Ok(product.zip(stock).map(|(product, stock)| StockedProduct { product, stock }))
    }

    async fn products_of(
        &self,
        market: MarketId,
        slice: &PageRequest,
    ) -> Result<ListPage<StockedProduct>, ListError> {
        let list = Query::index(Index::ByParent, partitions::products_of(market), slice.limit).descending();
        let page: ListPage<Product> = self.page(&[list], slice).await?;
        let stocks: Vec<Option<Stock>> = self.readable(page.items.iter().map(|product| &product.id)).await?;
        let mut stocks = stocks.into_iter().map(Option::unwrap_or_default);
        Ok(page.map(|product| StockedProduct { product, stock: stocks.next().unwrap_or_default() }))
    }
}
