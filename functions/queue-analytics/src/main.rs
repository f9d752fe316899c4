//! The function `queue-analytics`: its composition root.

use queue_analytics::Analytics;
use shared::aws::Aws;
use shared::config::{Environment, TelemetryConfig};
use shared::consumer::queue::SqsQueue;
use shared::dynamodb::DynamoStore;
use shared::runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queue = SqsQueue::from_env(&env, aws.sqs())?;
    let analytics = Analytics::new(DynamoStore::new(aws.table(&env)?));
    runtime::run_queue(telemetry, analytics.together(), queue).await
}
