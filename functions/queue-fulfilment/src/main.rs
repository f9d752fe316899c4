//! Composition root of the function `queue-fulfilment`.

use queue_fulfilment::Fulfilment;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::payment_gateway::StripeGateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let (queue, table) = (SqsQueue::from_env(&env, aws.sqs())?, aws.table(&env)?);
    let store = DynamoStore::new(table.clone()).with_group_commit();
    let gateway = StripeGateway::from_env(&env)?;
    let fulfilment = Fulfilment::new(&env, store, DynamoReader::new(table), gateway)?;
    runtime::run_queue(telemetry, fulfilment.into_handler(), queue).await
}
