//! Composition root of the function `api-search`.

use shared::api::{QueryState, RateLimits};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::search::{CachedSearch, ConfiguredEmbedder, Search};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let table = aws.table(&env)?;
    let limits = RateLimits::from_env(&env, table.clone())?;
    let embedder = ConfiguredEmbedder::from_env(&env, &aws)?;
    let search = Search::new(DynamoReader::new(table), embedder);
    let app = QueryState::new(&env, CachedSearch::new(search))?;
    runtime::run_api(telemetry, limits.layer(app.clone(), api_search::router(app))).await
}
