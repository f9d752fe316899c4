//! Cache of search results, for popular queries.

use super::{Hit, SearchError, SearchQuery, Searcher};
use crate::kit::resilience::cache::{Cache, CacheWeight};
use crate::repository::cached::{BOUNDS, UNCACHED, weight_of};
use crate::repository::projections::search::SearchResultItem;

/// Searcher that caches the results of a query for as long as public responses may be stale.
#[derive(Clone)]
pub struct CachedSearch<Q> {
    searcher: Q,
    results: Cache<Hits>,
}

impl<Q> CachedSearch<Q> {
    /// Creates a cache in front of `searcher`.
    #[must_use]
    pub fn new(searcher: Q) -> Self {
        Self { searcher, results: Cache::new("searches", BOUNDS) }
    }

    /// Creates a searcher whose entries expire at once, for tests that write to the table past the cache.
    #[must_use]
    pub fn uncached(searcher: Q) -> Self {
        Self { searcher, results: Cache::new("searches", UNCACHED) }
    }
}

impl<Q: Searcher> Searcher for CachedSearch<Q> {
    async fn search(&self, query: &SearchQuery) -> Result<Vec<Hit>, SearchError> {
        let load = async { self.searcher.search(query).await.map(|hits| Some(Hits(hits))) };
        let found = self.results.get_or_load(&format!("{query:?}"), load).await?;
        Ok(found.map_or_else(Vec::new, |Hits(hits)| hits))
    }
}

/// Results of a query, in order.
#[derive(Debug, Clone)]
struct Hits(Vec<Hit>);

impl CacheWeight for Hits {
    fn weight(&self) -> u32 {
        let weights = self.0.iter().map(|hit| match &hit.item {
            SearchResultItem::Market(market) => {
                weight_of(market.name.as_str(), market.description.as_ref(), 256)
            }
            SearchResultItem::Product(product) => {
                weight_of(product.title.as_str(), product.description.as_ref(), 384)
            }
        });
        weights.fold(64, u32::saturating_add)
    }
}
