//! Integration tests of `shared` on an embedded DynamoDB, through the AWS SDK: commits, readers, the stored
//! format, and the HTTP middleware.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod batch;
mod batch_get;
mod client;
mod commit;
mod dynamodb_failures;
mod enum_texts;
mod fixture;
mod idempotency_lease;
mod idempotency_record;
mod jobs;
mod middleware;
mod order_lists;
mod outbox;
mod pacing;
mod pagination;
mod product_lists;
mod profiles;
mod query;
mod read_costs;
mod readers;
mod refusals;
mod request_logs;
mod stored_format;
mod stored_format_search;
mod stored_format_settings;
mod stored_format_tallies;
mod summary_indexes;
mod titan_embedder;
mod toy_domain;
