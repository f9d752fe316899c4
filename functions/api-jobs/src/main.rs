//! The function `api-jobs`: its composition root.

use shared::api::{App, Limits};
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
    let app = App::new(&env, DynamoStore::new(table.clone()), DynamoReader::new(table))?;
    let router = api_jobs::router(app.clone(), env.parse("AGORA_JOB_RETENTION_DAYS")?);
    runtime::run_api(telemetry, limits.around(app, router)).await
}
