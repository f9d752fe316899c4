//! Functions of the HTTP API, composed as in their `main.rs`, but without caches: their entries expire by the
//! clock of the machine, so the same seed would not give the same run.

use api_auth::AuthState;
use api_orders::OrderConfig;
use api_users::UsersState;
use axum::Router;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shared::api::{ApiState, CommandState, QueryState, RateLimits};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::http::middleware;
use shared::kit::http::openapi::ApiRouter;
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriptions;
use shared::repository::cached::CachedReader;
use shared::search::{CachedSearch, ConfiguredEmbedder, HashingEmbedder, Search};
use simulation::functions::Functions;
use simulation::rng::SimEntropy;
use simulation::template_config::{DEPLOYMENT, environment};
use simulation::virtual_clock::VirtualClock;
use test_support::lambda_event::request_event;
use test_support::openapi_contract::matches;
use tower::ServiceExt;

use crate::system::{Request, Response};

/// Routers of the functions, and the routes of the template.
pub(super) struct Api {
    routers: Vec<(&'static str, Router)>,
}

impl Api {
    pub(super) fn new(functions: &Functions, clock: &VirtualClock, entropy: &SimEntropy) -> Self {
        let routers = routers(functions, entropy).into_iter();
        let routers =
            routers.map(|(stem, router)| (stem, middleware::layer(router, clock.clone(), entropy.clone())));
        let webhooks = functions.webhooks.clone();
        Self { routers: routers.chain([("webhooks", webhooks)]).collect() }
    }

    /// Router of the function that the template assigns to a path. An exact path takes precedence.
    fn router(&self, path: &str) -> &Router {
        let stem = if path == "/v1/payments/webhook" { "webhooks" } else { stem_of(path) };
        let (_, router) =
            self.routers.iter().find(|(name, _)| *name == stem).expect("the template has the route");
        router
    }

    /// Sends a request as the event of API Gateway.
    pub(super) fn handle(&self, request: &Request) -> impl Future<Output = Response> + Send + 'static {
        let path = request.path.split('?').next().unwrap_or_default();
        let router = self.router(path).clone();
        let headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut event = request_event(request.method.as_str(), &request.path, &headers, None);
        if let Some(body) = &request.body {
            event["body"] = json!(body);
        }
        event["requestContext"]["requestId"] = Value::Null;
        async move {
            let request = lambda_http::request::from_str(&event.to_string());
            let request = request.expect("the event is one of API Gateway");
            let Ok(response) = router.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the body is in memory").to_bytes().to_vec();
            Response { status: parts.status, headers: parts.headers, body }
        }
    }
}

/// Function that the template assigns to a path.
fn stem_of(path: &str) -> &'static str {
    let routes = || DEPLOYMENT.routes().filter(|(route, _)| matches(&route.path, path));
    let exact = routes().find(|(route, _)| route.path == path);
    let (_, stem) = exact.or_else(|| routes().next()).expect("the template has the route");
    stem
}

fn limited<S: ApiState>(env: &Environment, functions: &Functions, state: S, router: ApiRouter) -> ApiRouter {
    let limits = RateLimits::from_env(env, functions.table().clone());
    limits.expect("the template has the limits").layer(state, router)
}

/// Routers with their rate limits, by the function.
fn routers(functions: &Functions, entropy: &SimEntropy) -> Vec<(&'static str, ApiRouter)> {
    let reader = DynamoReader::new(functions.table().clone());
    let mut routers = Vec::new();
    let mut add = |stem, router| routers.push((stem, router));
    let (env, state) = commands("api-jobs", functions, entropy, reader.clone());
    add("api-jobs", limited(&env, functions, state.clone(), api_jobs::router(state)));
    let (env, state) = commands("api-orders", functions, entropy, reader.clone());
    let config = OrderConfig::from_env(&env).expect("the template has the settings");
    add("api-orders", limited(&env, functions, state.clone(), api_orders::router(state, config)));
    let uncached = || CachedReader::uncached(reader.clone());
    let (env, state) = commands("api-markets", functions, entropy, uncached());
    add("api-markets", limited(&env, functions, state.clone(), api_markets::router(state)));
    let (env, state) = commands("api-products", functions, entropy, uncached());
    add("api-products", limited(&env, functions, state.clone(), api_products::router(state)));
    let (env, state) = queries("api-events", reader.clone());
    add("api-events", limited(&env, functions, state.clone(), api_events::router(state)));
    let (env, state) = queries("api-payments", reader.clone());
    add("api-payments", limited(&env, functions, state.clone(), api_payments::router(state)));
    let embedder = ConfiguredEmbedder::Hashed(HashingEmbedder);
    let search = CachedSearch::uncached(Search::new(reader.clone(), embedder));
    let (env, state) = queries("api-search", search);
    add("api-search", limited(&env, functions, state.clone(), api_search::router(state)));
    add("api-users", users(functions, entropy));
    add("api-auth", sessions(functions, entropy));
    let env = environment("stream-outbox-relay");
    let queues = Subscriptions::from_env(&env).expect("the template has the variables");
    let probe = api_meta::QueueProbe::new(functions.sqs(), &queues);
    add("api-meta", api_meta::router(api_meta::HealthState::new(reader, probe)));
    routers
}

/// Environment and state of a function with commands.
fn commands<R: Send + Sync + 'static>(
    stem: &str,
    functions: &Functions,
    entropy: &SimEntropy,
    reader: R,
) -> (Environment, CommandState<R>) {
    let env = environment(stem);
    let state = CommandState::new(&env, DynamoStore::new(functions.table().clone()), reader);
    let state = state.expect("the template has the variables").with_entropy(entropy.clone());
    (env, state)
}

/// Environment and state of a function with queries only.
fn queries<R>(stem: &str, reader: R) -> (Environment, QueryState<R>) {
    let env = environment(stem);
    let state = QueryState::new(&env, reader).expect("the template has the variables");
    (env, state)
}

fn users(functions: &Functions, entropy: &SimEntropy) -> ApiRouter {
    let (env, table) = (environment("api-users"), functions.table());
    let state = UsersState::new(&env, DynamoStore::new(table.clone()), DynamoReader::new(table.clone()));
    let state = state.expect("the template has the variables").with_entropy(entropy.clone());
    limited(&env, functions, state.clone(), api_users::router(state))
}

fn sessions(functions: &Functions, entropy: &SimEntropy) -> ApiRouter {
    let (env, table) = (environment("api-auth"), functions.table());
    let (store, reader) = (DynamoStore::new(table.clone()), DynamoReader::new(table.clone()));
    let state = AuthState::with_entropy(&env, store, reader, entropy.clone());
    let state = state.expect("the template has the variables");
    limited(&env, functions, state.clone(), api_auth::router(state))
}
