//! SDK configuration for the embedded services.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::Addresses;
use crate::dev::env_file::Variables;
use crate::system::arn;

/// Endpoint of each service, by the name of its environment variable.
#[derive(Debug)]
struct Endpoints(Variables);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        self.0.get(&format!("{}_{service}", key.env())).cloned()
    }
}

/// Configuration of the clients of the embedded services.
pub(super) fn of(addresses: Addresses) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "local stack");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(arn::REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(Endpoints(addresses.endpoints()))
        .build()
}
