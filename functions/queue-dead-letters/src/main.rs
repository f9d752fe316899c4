//! Composition root of the function `queue-dead-letters`.

use queue_dead_letters::DeadLetters;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::queue::UnmanagedQueue;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::messaging::event_routing::DeadLetterQueues;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    let dead_letters =
        DeadLetters::new(DynamoStore::new(table).with_group_commit(), DeadLetterQueues::from_env(&env)?);
    runtime::run_queue(telemetry, dead_letters, UnmanagedQueue).await
}
