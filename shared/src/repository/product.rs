//! Reading products.

use std::future::Future;

use super::listing;
use crate::command::{Reads, StoreError};
use crate::domain::market::MarketId;
use crate::domain::product::create::StockedProduct;
use crate::domain::product::{Product, ProductId, Stock};
use crate::dynamodb::query::{Page, Position, Query};
use crate::dynamodb::schema::Index;
use crate::dynamodb::{Consistency, DynamoReader};

/// What can be asked about products. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an absent product is `None`.
pub trait ProductReader: Clone + Send + Sync + 'static {
    /// The product with its stock, if there is one.
    fn product(
        &self,
        id: ProductId,
    ) -> impl Future<Output = Result<Option<StockedProduct>, StoreError>> + Send;

    /// Products of a market with their stock, newest first: one request for the list, one for the stock of all.
    fn products_of(
        &self,
        market: MarketId,
        limit: u32,
        after: Option<Position>,
    ) -> impl Future<Output = Result<Page<StockedProduct>, StoreError>> + Send;
}

impl ProductReader for DynamoReader {
    async fn product(&self, id: ProductId) -> Result<Option<StockedProduct>, StoreError> {
        let reads = Reads::<Option<Product>>::one(&id).and(Reads::<Option<Stock>>::one(&id));
        let (product, stock) = self.get(reads, Consistency::Eventual).await?;
        Ok(product.zip(stock).map(|(product, stock)| StockedProduct { product, stock }))
    }

    async fn products_of(
        &self,
        market: MarketId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<StockedProduct>, StoreError> {
        let list =
            Query::index(Index::ByParent, listing::products_of(market), limit).newest_first().after(after);
        let page: Page<Product> = self.list(&list).await?;
        let stocks: Vec<Option<Stock>> = self
            .get(Reads::many(page.items.iter().map(|product| &product.id)), Consistency::Eventual)
            .await?;
        let stocked = page.items.into_iter().zip(stocks);
        let items =
            stocked.map(|(product, stock)| StockedProduct { product, stock: stock.unwrap_or_default() });
        Ok(Page { items: items.collect(), next: page.next })
    }
}
