//! The heart on an embedded DynamoDB, through the real SDK: what a commit is, what readers see, how records lie in the
//! table; and the HTTP edge around a router of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod batch;
mod batch_get;
mod client;
mod commit;
mod dynamodb_failures;
mod fixture;
mod idempotency_lease;
mod jobs;
mod middleware;
mod outbox;
mod pagination;
mod profiles;
mod query;
mod read_costs;
mod readers;
mod receipt;
mod refusals;
mod stored_format;
mod stored_format_search;
mod stored_format_tallies;
mod titan_embedder;
mod toy_domain;
