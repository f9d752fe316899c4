//! A cache in front of searches: popular queries are asked for again.

use super::{Hit, SearchError, SearchQuery, Searcher};
use crate::kit::resilience::cache::{Cache, CacheWeight};
use crate::repository::cached::{BOUNDS, weight_of};
use crate::repository::projections::search::SearchResultItem;

/// Remembers the results of a query for as long as public responses may be stale.
#[derive(Clone)]
pub struct CachedSearch<Q> {
    searcher: Q,
    results: Cache<Hits>,
}

impl<Q> CachedSearch<Q> {
    /// Caches the results of `searcher`.
    #[must_use]
    pub fn new(searcher: Q) -> Self {
        Self { searcher, results: Cache::new("searches", BOUNDS) }
    }
}

impl<Q: Searcher> Searcher for CachedSearch<Q> {
    async fn search(&self, question: &SearchQuery) -> Result<Vec<Hit>, SearchError> {
        let load = async { self.searcher.search(question).await.map(|hits| Some(Hits(hits))) };
        let found = self.results.get_or_load(&format!("{question:?}"), &[], load).await?;
        Ok(found.map_or_else(Vec::new, |Hits(hits)| hits))
    }
}

/// Results of a query, in order.
#[derive(Debug, Clone)]
struct Hits(Vec<Hit>);

impl CacheWeight for Hits {
    fn weight(&self) -> u32 {
        let weights = self.0.iter().map(|hit| match &hit.found {
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
