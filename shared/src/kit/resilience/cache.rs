//! In-process cache: cache-aside with single flight, write-through, negative entries.
//!
//! Cached values are for display, never for decisions. The lifetime of each entry is reduced by a random
//! part, so that entries that were loaded together do not expire together.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future;

use crate::kit::system::clock::{Entropy, SystemEntropy};
use crate::kit::telemetry::catalogue::{CACHE_HITS, CACHE_MISSES};
use crate::kit::telemetry::metrics;

/// Cache of values of one kind by key. Absent values are cached, too.
#[derive(Clone)]
pub struct Cache<V> {
    name: &'static str,
    entries: future::Cache<String, Entry<V>>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
    config: CacheConfig,
}

#[derive(Clone)]
struct Entry<V> {
    value: Option<V>,
    ttl: Duration,
}

/// Capacity and lifetimes of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// Maximum age of an entry.
    pub time_to_live: Duration,
    /// Maximum age of an entry for an absent value.
    pub negative_time_to_live: Duration,
    /// Maximum weight of all entries together, in the unit of [`CacheWeight`].
    pub capacity: u64,
}

/// Weight of a value: the capacity that it takes, in approximate bytes.
pub trait CacheWeight {
    /// Returns the weight.
    fn weight(&self) -> u32;
}

struct TtlExpiry;

impl<V> Expiry<String, Entry<V>> for TtlExpiry {
    fn expire_after_create(&self, _: &String, entry: &Entry<V>, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry<V>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

/// Hits and misses of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HitRatio {
    /// Number of values found in the cache.
    pub hits: u64,
    /// Number of values that had to be loaded.
    pub misses: u64,
}

impl<V: CacheWeight + Clone + Send + Sync + 'static> Cache<V> {
    /// Empty cache. Telemetry uses `name`.
    #[must_use]
    pub fn new(name: &'static str, config: CacheConfig) -> Self {
        let entries = future::Cache::builder()
            .max_capacity(config.capacity)
            .weigher(|key: &String, entry: &Entry<V>| {
                let value = entry.value.as_ref().map_or(0, CacheWeight::weight);
                value.saturating_add(u32::try_from(key.len()).unwrap_or(u32::MAX))
            })
            .expire_after(TtlExpiry)
            .build();
        Self { name, entries, hits: Arc::default(), misses: Arc::default(), config }
    }

    /// Returns the value under `key`, loading it if it is not cached. Concurrent callers share one load.
    ///
    /// # Errors
    /// Error of `load`; nothing is cached then.
    pub async fn get_or_load<E, F>(&self, key: &str, load: F) -> Result<Option<V>, E>
    where
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>>,
    {
        let mut loaded = false;
        let entry = async {
            loaded = true;
            load.await.map(|value| self.entry(value))
        };
        let found = self.entries.try_get_with_by_ref(key, entry).await;
        let (counter, metric) =
            if loaded { (&self.misses, &CACHE_MISSES) } else { (&self.hits, &CACHE_HITS) };
        counter.fetch_add(1, Ordering::Relaxed);
        metrics::count(metric, [self.name]);
        found.map(|entry| entry.value).map_err(|error| E::clone(&error))
    }

    /// Replaces the entry under `key` with the value just written, or with `None` after a deletion, so that
    /// reads in this instance see the change at once.
    pub async fn put(&self, key: &str, written: Option<V>) {
        self.entries.insert(key.to_owned(), self.entry(written)).await;
    }

    /// Hits and misses so far.
    #[must_use]
    pub fn hit_ratio(&self) -> HitRatio {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HitRatio { hits: count(&self.hits), misses: count(&self.misses) }
    }

    /// Creates an entry that lives for 80% to 100% of the configured time.
    fn entry(&self, value: Option<V>) -> Entry<V> {
        let CacheConfig { time_to_live, negative_time_to_live, .. } = self.config;
        let max_ttl = if value.is_some() { time_to_live } else { negative_time_to_live };
        let ttl = max_ttl.saturating_sub(SystemEntropy.jitter(max_ttl / 5));
        Entry { value, ttl }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    impl CacheWeight for u32 {
        fn weight(&self) -> u32 {
            4
        }
    }

    fn cache() -> Cache<u32> {
        let (time_to_live, negative_time_to_live) = (Duration::from_mins(1), Duration::from_mins(1));
        Cache::new("numbers", CacheConfig { time_to_live, negative_time_to_live, capacity: 10_000 })
    }

    async fn load(cache: &Cache<u32>, key: &str, loads: &AtomicU64, value: Option<u32>) -> Option<u32> {
        let load = async {
            loads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(value)
        };
        cache.get_or_load(key, load).await.unwrap()
    }

    #[tokio::test]
    async fn concurrent_misses_share_one_load() {
        let (cache, loads) = (cache(), AtomicU64::new(0));
        let lookups = (0..100).map(|_| load(&cache, "a", &loads, Some(7)));
        let found = futures::future::join_all(lookups).await;
        assert!(found.iter().all(|value| *value == Some(7)));
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        assert_eq!(cache.hit_ratio(), HitRatio { hits: 99, misses: 1 });
    }

    #[tokio::test]
    async fn absence_is_cached_and_a_write_is_visible_at_once() {
        let (cache, loads) = (cache(), AtomicU64::new(0));
        assert_eq!(load(&cache, "a", &loads, None).await, None);
        assert_eq!(load(&cache, "a", &loads, Some(1)).await, None);
        cache.put("a", Some(2)).await;
        assert_eq!(load(&cache, "a", &loads, None).await, Some(2));
        cache.put("a", None).await;
        assert_eq!(load(&cache, "a", &loads, Some(3)).await, None);
        assert_eq!(loads.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn failed_load_is_not_cached() {
        let cache = cache();
        let failed: Result<Option<u32>, &str> = cache.get_or_load("a", async { Err("down") }).await;
        assert_eq!(failed, Err("down"));
        let found: Result<Option<u32>, &str> = cache.get_or_load("a", async { Ok(Some(1)) }).await;
        assert_eq!(found, Ok(Some(1)));
    }
}
