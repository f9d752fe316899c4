//! Composition root of the function `queue-search-index`.

use queue_search_index::SearchIndex;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::search::ConfiguredEmbedder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queue = SqsQueue::from_env(&env, aws.sqs())?;
    let embedder = ConfiguredEmbedder::from_env(&env, &aws)?;
    let index = SearchIndex::new(DynamoStore::new(aws.table(&env)?).with_group_commit(), embedder);
    runtime::run_queue(telemetry, index.into_handler(), queue).await
}
