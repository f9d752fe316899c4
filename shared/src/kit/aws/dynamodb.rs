//! The table: how commands and queries become requests to DynamoDB.
//!
//! Knows records, keys and transactions; knows nothing of what is sold.
//!
//! The future of a call of the SDK has many kilobytes. Calls are boxed where they are made, so that the futures around
//! them stay small: a request's is moved once for each layer that the request goes through.

pub mod capacity;
pub mod expression;
pub mod schema;

mod error;
pub mod read;
mod store;
pub mod write;

use std::sync::Arc;

pub use read::reader::{Consistency, DynamoReader};
pub use store::DynamoStore;

/// One table and the client that speaks to it.
#[derive(Debug, Clone)]
pub struct Table {
    client: aws_sdk_dynamodb::Client,
    name: Arc<str>,
}

impl Table {
    /// The table called `name`.
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client, name: &str) -> Self {
        Self { client, name: name.into() }
    }
}
