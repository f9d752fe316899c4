//! Tests of the benchmarks: no operation takes more requests or units than documented.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod request_counts;
mod scaling;
mod smoke;
