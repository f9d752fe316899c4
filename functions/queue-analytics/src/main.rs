//! Composition root of the function `queue-analytics`.

use queue_analytics::Analytics;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queue = SqsQueue::from_env(&env, aws.sqs())?;
    let analytics = Analytics::new(DynamoStore::new(aws.table(&env)?));
    runtime::run_queue(telemetry, analytics.into_handler(), queue).await
}
