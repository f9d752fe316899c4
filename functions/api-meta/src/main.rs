//! Composition root of the function `api-meta`.

use api_meta::{HealthState, QueueProbe};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::messaging::event_routing::Subscriptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queues = QueueProbe::new(aws.sqs(), &Subscriptions::from_env(&env)?);
    let app = HealthState::new(DynamoReader::new(aws.table(&env)?), queues);
    runtime::run_api(telemetry, api_meta::router(app)).await
}
