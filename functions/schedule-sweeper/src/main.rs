//! Composition root of the function `schedule-sweeper`.

use schedule_sweeper::Sweeper;
use schedule_sweeper::reconciliation::Reconciliation;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::queue::relay::Relay;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::messaging::event_routing::Subscriptions;
use shared::payment_gateway::StripeGateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let (telemetry, aws) = (TelemetryConfig::from_env(&env)?, Aws::from_env(&env)?);
    let table = aws.table(&env)?;
    let outbox = Outbox::new(table.clone());
    let relay = Relay::new(outbox.clone(), aws.sqs(), Subscriptions::from_env(&env)?);
    let (store, reader) = (DynamoStore::new(table.clone()), DynamoReader::new(table));
    let reconciliation = Reconciliation::from_env(&env, store, StripeGateway::from_env(&env)?)?;
    let sweeper = Sweeper::new(reader, outbox, relay, reconciliation);
    runtime::run_schedule(telemetry, sweeper).await
}
