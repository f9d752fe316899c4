//! Protection against failures and load: retries, circuit breaker, rate limits, cache, HTTP client.

pub mod breaker;
pub mod cache;
pub mod http_client;
pub mod pacing;
pub mod rate_limit;
pub mod retry;
