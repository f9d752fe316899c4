//! The function `api-auth`: its composition root.

use api_auth::Accounts;
use shared::api::Limits;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::of_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    let limits = Limits::from_env(&env, table.clone())?;
    let accounts = Accounts::new(&env, DynamoStore::new(table.clone()), DynamoReader::new(table))?;
    runtime::run_api(telemetry, limits.around(accounts.clone(), api_auth::router(accounts))).await
}
