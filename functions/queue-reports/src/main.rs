//! The function `queue-reports`: its composition root.

use queue_reports::Reports;
use shared::aws::Aws;
use shared::config::{Environment, TelemetryConfig};
use shared::dynamodb::{DynamoReader, DynamoStore};
use shared::runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queues = queue_reports::queues(&env, &aws.sqs())?;
    let (store, reader) = (DynamoStore::new(aws.table(&env)?), DynamoReader::new(aws.table(&env)?));
    let reports = Reports::from_env(&env, store, reader)?;
    runtime::run_queue(telemetry, reports.one_by_one(), queues).await
}
