//! The whole system: real function binaries on the local stack, asked over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod analytics;
mod auth;
mod crashes;
mod deliveries;
mod gateway;
mod idempotency;
mod limits;
mod orders;
mod payments;
mod plants;
