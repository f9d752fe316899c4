//! Composition root of the function `stream-outbox-relay`, which runs [`shared::kit::queue::relay`].

use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::queue::relay::Relay;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::messaging::event_routing::Subscriptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let relay = Relay::new(Outbox::new(aws.table(&env)?), aws.sqs(), Subscriptions::from_env(&env)?);
    runtime::run_stream(telemetry, relay).await
}
