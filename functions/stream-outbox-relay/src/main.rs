//! The function `stream-outbox-relay`: its composition root. What it does is [`shared::relay`].

use shared::aws::Aws;
use shared::config::{Environment, TelemetryConfig};
use shared::dynamodb::outbox::Outbox;
use shared::relay::Relay;
use shared::runtime;
use shared::subscriptions::Subscriptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let relay = Relay::new(Outbox::new(aws.table(&env)?), aws.sqs(), Subscriptions::from_env(&env)?);
    runtime::run_stream(telemetry, relay).await
}
