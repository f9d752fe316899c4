//! The function `api-products`: its composition root.

use shared::api::{App, Limits};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::repository::cached::Cached;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    let limits = Limits::from_env(&env, table.clone())?;
    let app = App::new(&env, DynamoStore::new(table.clone()), Cached::new(DynamoReader::new(table)))?;
    runtime::run_api(telemetry, limits.around(app.clone(), api_products::router(app))).await
}
