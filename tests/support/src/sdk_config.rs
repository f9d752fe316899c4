//! SDK configuration for the embedded DynamoDB.

use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};

/// Client configuration of an embedded service.
#[must_use]
pub fn config(endpoint: &str) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(endpoint)
}
