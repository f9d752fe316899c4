//! Composition root of the function `queue-fulfilment`.

use queue_fulfilment::Fulfilment;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::payment_gateway::StripeGateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::load(&env).await?;
    let queue = SqsQueue::from_env(&env, aws.sqs())?;
    let fulfilment = Fulfilment::new(
        &env,
        DynamoStore::new(aws.table(&env)?).with_group_commit(),
        StripeGateway::from_env(&env)?,
    )?;
    runtime::run_queue(telemetry, fulfilment.into_handler(), queue).await
}
