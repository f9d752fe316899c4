//! The whole system: real function binaries on the local stack, asked over HTTP.

mod accounts;
mod auth;
mod crashes;
mod deliveries;
mod gateway;
mod idempotency;
mod limits;
mod orders;
mod plants;
