//! The function `api-payments`: its composition root.

use shared::api::{AppState, RateLimits};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::payment_gateway::webhook::WebhookVerifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    let (limits, verifier) = (RateLimits::from_env(&env, table.clone())?, WebhookVerifier::from_env(&env)?);
    let app = AppState::new(&env, DynamoStore::new(table.clone()), DynamoReader::new(table))?;
    let hooks = api_payments::gateway_router(app.store.clone(), verifier);
    let people = limits.layer(app.clone(), api_payments::router(app));
    runtime::run_api(telemetry, people.merge(hooks)).await
}
