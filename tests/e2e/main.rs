//! End-to-end tests: the function binaries on the local stack, called over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod analytics;
mod attacks;
mod auth;
mod aws_settings;
mod breaker;
mod caches;
mod connections;
mod contract;
mod crashes;
mod dead_letters;
mod emails;
mod grant_admin;
mod iam_grants;
mod idempotency;
mod jobs;
mod message_delivery;
mod middleware_order;
mod missing_configuration;
mod orders;
mod pagination;
mod payment_gateway_failures;
mod payments;
mod rate_limits;
mod reconciliation;
mod search;
mod seeded_bugs;
mod service_calls;
mod signing_key_rotation;
mod telemetry;
mod typescript_client;
