//! The function `queue-dead-letters`: its composition root.

use queue_dead_letters::DeadLetters;
use shared::aws::Aws;
use shared::config::{Environment, TelemetryConfig};
use shared::consumer::queue::LeftAlone;
use shared::dynamodb::DynamoStore;
use shared::runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    runtime::run_queue(telemetry, DeadLetters::new(DynamoStore::new(table)), LeftAlone).await
}
