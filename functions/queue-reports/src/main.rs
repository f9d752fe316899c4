//! Composition root of the function `queue-reports`.

use queue_reports::Reports;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::search::ConfiguredEmbedder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queues = queue_reports::queues(&env, &aws.sqs())?;
    let table = aws.table(&env)?;
    let embedder = ConfiguredEmbedder::from_env(&env, &aws)?;
    let (store, reader) = (DynamoStore::new(table.clone()), DynamoReader::new(table));
    let reports = Reports::from_env(&env, store, reader, embedder)?;
    runtime::run_queue(telemetry, reports.into_handler(), queues).await
}
