//! SDK configuration for the embedded services.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::Builder;

/// Configuration of the clients of an embedded service.
#[must_use]
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "local", "local", None, None, "test",
        )))
        .endpoint_url(endpoint)
        .build()
}

/// Configuration of a client of the embedded DynamoDB.
#[must_use]
pub fn config(endpoint: &str) -> Builder {
    Builder::from(&sdk_config(endpoint))
}
