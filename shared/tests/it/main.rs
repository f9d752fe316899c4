//! The heart on an embedded DynamoDB, through the real SDK: what a commit is, what readers see, how records lie in the
//! table; and the HTTP edge around a router of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod batch;
mod client;
mod commit;
mod costs;
mod counted;
mod edge;
mod failure;
mod ground;
mod indexed;
mod jobs;
mod lease;
mod load;
mod outbox;
mod profiles;
mod query;
mod readers;
mod receipt;
mod records;
mod refusal;
mod savings;
mod slice;
mod titan;
