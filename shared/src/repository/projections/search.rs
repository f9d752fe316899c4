//! Queries of the search index.

use futures::future::try_join_all;

use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::read_set::parsed_or_reported;
use crate::kit::command::{ReadSet, StoreError};
use crate::projections::search_index::rank::Ranked;
use crate::projections::search_index::{
    DocumentId, DocumentKind, EmbedderName, Term, TermEntry, TermEntryKey,
};

/// Maximum number of entries read of a term, the highest weights first. Several kinds share this limit.
pub const MAX_TERM_ENTRIES: u32 = 100;

/// Document found by a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchResultItem {
    /// A market.
    Market(Market),
    /// A product.
    Product(Product),
}

impl DynamoReader {
    /// Loads the best entries of each of `terms`: one request for each term and kind, all concurrently.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn term_entries(
        &self,
        embedder: EmbedderName,
        kinds: &[DocumentKind],
        terms: &[Term],
    ) -> Result<Vec<TermEntry>, StoreError> {
        let share = MAX_TERM_ENTRIES / u32::try_from(kinds.len()).unwrap_or(MAX_TERM_ENTRIES).max(1);
        let partitions = terms
            .iter()
            .flat_map(|term| kinds.iter().map(move |kind| TermEntryKey::partition(embedder, *kind, term)));
        let queries: Vec<Query> =
            partitions.map(|partition| Query::table(partition, share).descending()).collect();
        let pages = try_join_all(queries.iter().map(|query| self.list::<TermEntry>(query))).await?;
        Ok(pages.into_iter().flat_map(|page| page.items).collect())
    }

    /// Loads the candidates that are public now: an active market, or an active product of an active market.
    /// A candidate that is not public or cannot be parsed is `None`. Takes one request for up to 50 candidates.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn public(&self, candidates: &[Ranked]) -> Result<Vec<Option<SearchResultItem>>, StoreError> {
        let markets: Vec<MarketId> = candidates.iter().map(|candidate| candidate.market_id).collect();
        let products: Vec<ProductId> = candidates.iter().filter_map(product_of).collect();
        let reads = ReadSet::get_each(&markets).and(ReadSet::get_each(&products));
        let (markets, products) = self.get(reads, Consistency::Eventual).await?;
        let mut products = products.into_iter();
        let found = candidates.iter().zip(markets).map(|(candidate, market)| {
            let product = product_of(candidate).and_then(|_| products.next().flatten());
            let market = market.and_then(parsed_or_reported);
            if_public(candidate, market, product.and_then(parsed_or_reported))
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

fn if_public(
    candidate: &Ranked,
    market: Option<Market>,
    product: Option<Product>,
) -> Option<SearchResultItem> {
    let market = market.filter(|market| market.status == MarketStatus::Active)?;
    match candidate.id {
        DocumentId::Market(_) => Some(SearchResultItem::Market(market)),
        DocumentId::Product(_) => {
            product.filter(|product| product.status == ProductStatus::Active).map(SearchResultItem::Product)
        }
    }
}
