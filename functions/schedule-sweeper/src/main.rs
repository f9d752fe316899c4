//! The function `schedule-sweeper`: its composition root.

use schedule_sweeper::Sweeper;
use schedule_sweeper::reconciliation::Reconciliation;
use shared::aws::Aws;
use shared::config::{Environment, TelemetryConfig};
use shared::dynamodb::outbox::Outbox;
use shared::dynamodb::{DynamoReader, DynamoStore};
use shared::gateway::StripeGateway;
use shared::relay::Relay;
use shared::runtime;
use shared::subscriptions::Subscriptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let (telemetry, aws) = (TelemetryConfig::from_env(&env)?, Aws::from_env(&env)?);
    let table = aws.table(&env)?;
    let outbox = Outbox::new(table.clone());
    let relay = Relay::new(outbox.clone(), aws.sqs(), Subscriptions::from_env(&env)?);
    let (store, reader) = (DynamoStore::new(table.clone()), DynamoReader::new(table));
    let books = Reconciliation::from_env(&env, store, StripeGateway::from_env(&env)?)?;
    let sweeper = Sweeper::new(reader, outbox, relay, books);
    runtime::run_schedule(telemetry, sweeper).await
}
