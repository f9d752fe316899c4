//! Reading the search index.

use std::future::Future;

use futures::future::try_join_all;

use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::{ReadSet, StoreError};
use crate::projections::search_index::rank::Ranked;
use crate::projections::search_index::{
    DocumentId, DocumentKind, EmbedderName, Term, TermEntry, TermEntryKey,
};

/// How many postings of a term are read at most, the weightiest first; where more kinds are asked for, they share them.
pub const MAX_POSTINGS: u32 = 100;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchResultItem {
    /// A market.
    Market(Market),
    /// A product.
    Product(Product),
}

/// What can be asked of the index. Implementations return [`StoreError`] when the table does not answer, and nothing else.
pub trait IndexReader: Clone + Send + Sync + 'static {
    /// The best postings under each of `terms`: one request for each term and kind, all at once.
    fn postings(
        &self,
        embedder: EmbedderName,
        kinds: &[DocumentKind],
        terms: &[Term],
    ) -> impl Future<Output = Result<Vec<TermEntry>, StoreError>> + Send;

    /// Of each candidate what there is, if everybody may see it by now: an active market, or an active product of one. One
    /// request for up to 50 of them.
    fn public(
        &self,
        candidates: &[Ranked],
    ) -> impl Future<Output = Result<Vec<Option<SearchResultItem>>, StoreError>> + Send;
}

impl IndexReader for DynamoReader {
    async fn postings(
        &self,
        embedder: EmbedderName,
        kinds: &[DocumentKind],
        terms: &[Term],
    ) -> Result<Vec<TermEntry>, StoreError> {
        let share = MAX_POSTINGS / u32::try_from(kinds.len()).unwrap_or(MAX_POSTINGS).max(1);
        let partitions = terms
            .iter()
            .flat_map(|term| kinds.iter().map(move |kind| TermEntryKey::partition(embedder, *kind, term)));
        let queries: Vec<Query> =
            partitions.map(|partition| Query::table(partition, share).descending()).collect();
        let pages = try_join_all(queries.iter().map(|query| self.list::<TermEntry>(query))).await?;
        Ok(pages.into_iter().flat_map(|page| page.items).collect())
    }

    async fn public(&self, candidates: &[Ranked]) -> Result<Vec<Option<SearchResultItem>>, StoreError> {
        let markets: Vec<MarketId> = candidates.iter().map(|candidate| candidate.market_id).collect();
        let products: Vec<ProductId> = candidates.iter().filter_map(product_of).collect();
        let reads = ReadSet::get_all(&markets).and(ReadSet::get_all(&products));
        let (markets, products) = self.get(reads, Consistency::Eventual).await?;
        let mut products = products.into_iter();
        let found = candidates.iter().zip(markets).map(|(candidate, market)| {
            let product = product_of(candidate).and_then(|_| products.next().flatten());
            shown(candidate, market, product)
        });
        Ok(found.collect())
    }
}

const fn product_of(candidate: &Ranked) -> Option<ProductId> {
    match candidate.id {
        DocumentId::Market(_) => None,
        DocumentId::Product(id) => Some(id),
    }
}

fn shown(candidate: &Ranked, market: Option<Market>, product: Option<Product>) -> Option<SearchResultItem> {
    let market = market.filter(|market| market.status == MarketStatus::Active)?;
    match candidate.id {
        DocumentId::Market(_) => Some(SearchResultItem::Market(market)),
        DocumentId::Product(_) => {
            product.filter(|product| product.status == ProductStatus::Active).map(SearchResultItem::Product)
        }
    }
}
