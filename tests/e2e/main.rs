//! The whole system: real function binaries on the local stack, asked over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod analytics;
mod appointment;
mod attacks;
mod auth;
mod breaker;
mod caches;
mod client;
mod contract;
mod crashes;
mod dead_letters;
mod deliveries;
mod emails;
mod gateway;
mod grants;
mod idempotency;
mod jobs;
mod keys;
mod limits;
mod lists;
mod orders;
mod payments;
mod plants;
mod reconciliation;
mod search;
mod telemetry;
