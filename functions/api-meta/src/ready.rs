//! `GET /health/ready`: readiness check of the table and the queues, at most once a second per instance.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use futures::future::{join, try_join_all};
use schemars::JsonSchema;
use serde::Serialize;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::StoreError;
use shared::kit::error::ApiError;
use shared::kit::http::ApiResponse;
use shared::kit::http::openapi::RouterState;
use shared::kit::resilience::cache::{Cache, CacheConfig, CacheWeight};
use shared::messaging::event_routing::Subscriptions;

/// Lifetime of a result of the check, so that requests without a rate limit do not each cost a read.
const RESULT_LIFETIME: CacheConfig = CacheConfig {
    time_to_live: Duration::from_secs(1),
    negative_time_to_live: Duration::from_secs(1),
    capacity: 1024,
};

/// State of the handlers: the dependencies to check.
#[derive(Clone)]
pub struct HealthState {
    table: DynamoReader,
    queues: QueueProbe,
    /// Result of the last check; absent if a dependency did not respond.
    last_check: Cache<Ready>,
}

impl HealthState {
    /// Creates a state that checks the table and the queues.
    #[must_use]
    pub fn new(table: DynamoReader, queues: QueueProbe) -> Self {
        Self { table, queues, last_check: Cache::new("readiness", RESULT_LIFETIME) }
    }

    /// Checks the table and the queues, unless it was done less than a second ago.
    async fn is_ready(&self) -> bool {
        let check = async {
            let (table, queues) = join(self.table.ping(), self.queues.check()).await;
            let ready = table.map_err(NotReady::Table).and(queues);
            if let Err(error) = &ready {
                let error: &dyn std::error::Error = error;
                tracing::warn!(error, "readiness check failed");
            }
            Ok::<_, Infallible>(ready.ok().map(|()| Ready))
        };
        self.last_check.get_or_load("", check).await.is_ok_and(|ready| ready.is_some())
    }
}

/// All dependencies respond.
#[derive(Debug, Clone, Copy)]
struct Ready;

impl CacheWeight for Ready {
    fn weight(&self) -> u32 {
        1
    }
}

impl RouterState for HealthState {
    type Queries = Self;
}

/// A dependency does not respond.
#[derive(Debug, thiserror::Error)]
enum NotReady {
    /// The last check failed; its reason was logged.
    #[error("a dependency did not respond to the last check")]
    LastCheck,
    /// The table does not respond.
    #[error("the table cannot be reached")]
    Table(#[source] StoreError),
    /// A queue does not respond.
    #[error("a queue cannot be reached")]
    Queue(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Probe of the queues to which events are published.
#[derive(Debug, Clone)]
pub struct QueueProbe {
    client: aws_sdk_sqs::Client,
    urls: Vec<String>,
}

impl QueueProbe {
    /// Creates a probe of all queues of the subscriptions.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, subscriptions: &Subscriptions) -> Self {
        Self { client, urls: subscriptions.addresses().map(str::to_owned).collect() }
    }

    /// Checks that each queue responds.
    async fn check(&self) -> Result<(), NotReady> {
        let requests = self.urls.iter().map(|url| self.client.get_queue_attributes().queue_url(url).send());
        try_join_all(requests).await.map(drop).map_err(|error| NotReady::Queue(error.into()))
    }
}

/// Result of the readiness check.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Readiness", extend("examples" = [{ "table": "ok", "queues": "ok" }]))]
pub(crate) struct ReadinessBody {
    /// Always `ok`.
    table: &'static str,
    /// Always `ok`.
    queues: &'static str,
}

/// Returns 200 if the table and the queues respond, 503 otherwise.
pub(crate) async fn get_readiness(
    State(app): State<HealthState>,
) -> Result<ApiResponse<ReadinessBody>, ApiError> {
    if !app.is_ready().await {
        return Err(ApiError::unavailable(NotReady::LastCheck));
    }
    Ok(ApiResponse::ok(ReadinessBody { table: "ok", queues: "ok" }))
}
