//! Composition root of the function `api-orders`.

use api_orders::OrderConfig;
use shared::api::{CommandState, RateLimits};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    let limits = RateLimits::from_env(&env, table.clone())?;
    let app = CommandState::new(&env, DynamoStore::new(table.clone()), DynamoReader::new(table))?;
    let router = api_orders::router(app.clone(), OrderConfig::from_env(&env)?);
    runtime::run_api(telemetry, limits.layer(app, router)).await
}
