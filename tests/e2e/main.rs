//! The whole system: real function binaries on the local stack, asked over HTTP.

mod auth;
mod crashes;
mod deliveries;
mod gateway;
mod idempotency;
mod orders;
mod plants;
