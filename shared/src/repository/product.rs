//! Queries of products.

pub mod list;

use std::collections::HashMap;
use std::future::Future;

use futures::future::try_join;

use crate::domain::product::create::StockedProduct;
use crate::domain::product::summary::{ProductSummary, StockedSummary};
use crate::domain::product::{Product, ProductId, Stock};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{ReadSet, StoreError};
use crate::projections::name_index::Words;
use crate::repository::table_layout::sorted_list::{ListError, MAX_MATCHES, matches};
use list::{MAX_COUNTED, MAX_PRODUCT_MATCHES, ProductList, ProductSortKey};

/// Queries of products. Implementations return [`StoreError`] only if the table does not respond; an absent
/// product is `None`.
pub trait ProductReader: Clone + Send + Sync + 'static {
    /// Loads a product with its stock.
    fn product(
        &self,
        id: ProductId,
    ) -> impl Future<Output = Result<Option<StockedProduct>, StoreError>> + Send;

    /// Loads products by id, in one request for up to 100. Those that do not exist are absent.
    fn products_by_id(
        &self,
        ids: &[ProductId],
    ) -> impl Future<Output = Result<HashMap<ProductId, Product>, StoreError>> + Send;

    /// Loads a page of the products of a market, with one additional request for all stocks. The total is known
    /// for a search and for a range of prices. Of a range that is not sorted by price, all products are read
    /// and sorted. Implementations return [`ListError::TooManyMatches`] only for searches, and
    /// [`ListError::TooManyInRange`] if more than [`MAX_MATCHES`] products would have to be sorted.
    fn products(
        &self,
        list: &ProductList,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<StockedSummary>, ListError>> + Send;
}

impl ProductReader for DynamoReader {
    async fn product(&self, id: ProductId) -> Result<Option<StockedProduct>, StoreError> {
        let reads = ReadSet::<Option<Product>>::get(&id).and(ReadSet::<Option<Stock>>::get(&id));
        let (product, stock) = self.get(reads, Consistency::Eventual).await?;
        Ok(product.zip(stock).map(|(product, stock)| StockedProduct { product, stock }))
    }

    async fn products_by_id(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>, StoreError> {
        self.by_id(ids).await
    }

    async fn products(
        &self,
        list: &ProductList,
        slice: &PageRequest,
    ) -> Result<ListPage<StockedSummary>, ListError> {
        let page = match (&list.search, list.sort.by) {
            (Some(search), _) => list.slice(search_for(self, list, search).await?, slice),
            (None, by) if list.prices.is_unlimited() => self.page(&list.queries(by), slice).await?,
            (None, ProductSortKey::Price) => by_price(self, list, slice).await?,
            (None, _) => list.slice(all_in_range(self, list).await?, slice),
        };
        Ok(with_stocks(self, page).await?)
    }
}

/// Loads all products of a list whose title has, for each word of `search`, a word that starts with it.
async fn search_for(
    reader: &DynamoReader,
    list: &ProductList,
    search: &Name,
) -> Result<Vec<ProductSummary>, ListError> {
    let words = Words::of(search);
    let keep =
        |product: &ProductSummary| words.match_name(&product.title) && list.prices.contains(product.price);
    matches(reader, list.searches(&words), MAX_PRODUCT_MATCHES, keep).await
}

/// Loads a page of a range of prices, sorted by price. The table counts the range, up to [`MAX_COUNTED`] products
/// of each status.
async fn by_price(
    reader: &DynamoReader,
    list: &ProductList,
    slice: &PageRequest,
) -> Result<ListPage<ProductSummary>, ListError> {
    let queries = list.queries(ProductSortKey::Price);
    let page = async { Ok::<_, ListError>(reader.page(&queries, slice).await?) };
    let total = async { Ok(reader.count_up_to(&queries, MAX_COUNTED).await?) };
    let (page, total) = try_join(page, total).await?;
    Ok(page.with_total(total))
}

/// Loads all products of a range of prices.
async fn all_in_range(reader: &DynamoReader, list: &ProductList) -> Result<Vec<ProductSummary>, ListError> {
    let limit = u32::try_from(MAX_MATCHES).unwrap_or(u32::MAX);
    let queries = list.queries(ProductSortKey::Price);
    let all: ListPage<ProductSummary> = reader.page(&queries, &PageRequest::first(limit)).await?;
    if all.next.is_some() { Err(ListError::TooManyInRange) } else { Ok(all.items) }
}

/// Adds the stocks to a page of products.
async fn with_stocks(
    reader: &DynamoReader,
    page: ListPage<ProductSummary>,
) -> Result<ListPage<StockedSummary>, StoreError> {
    let stocks: Vec<Option<Stock>> = reader.readable(page.items.iter().map(|product| &product.id)).await?;
    let mut stocks = stocks.into_iter().map(Option::unwrap_or_default);
    Ok(page.map(|product| StockedSummary { product, stock: stocks.next().unwrap_or_default() }))
}
