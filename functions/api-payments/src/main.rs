//! Composition root of the function `api-payments`.

use shared::api::{QueryState, RateLimits};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};
use shared::payment_gateway::StripeGateway;
use shared::payment_gateway::webhook::WebhookVerifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let table = Aws::from_env(&env)?.table(&env)?;
    let (limits, verifier) = (RateLimits::from_env(&env, table.clone())?, WebhookVerifier::from_env(&env)?);
    let app = QueryState::new(&env, DynamoReader::new(table.clone()))?;
    let gateway = StripeGateway::from_env(&env)?;
    let webhooks = api_payments::gateway_router(DynamoStore::new(table), verifier, gateway);
    let payments = limits.layer(app.clone(), api_payments::router(app));
    runtime::run_api(telemetry, payments.merge(webhooks)).await
}
