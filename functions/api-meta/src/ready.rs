//! `GET /health/ready`: readiness check of the table and the queues.

use axum::extract::State;
use futures::future::{join, try_join_all};
use schemars::JsonSchema;
use serde::Serialize;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::StoreError;
use shared::kit::error::ApiError;
use shared::kit::http::ApiResponse;
use shared::kit::http::openapi::RouterState;
use shared::messaging::event_routing::Subscriptions;

/// State of the handlers: the dependencies to check.
#[derive(Debug, Clone)]
pub struct HealthState {
    /// Reader of the table.
    pub table: DynamoReader,
    /// Probe of the queues.
    pub queues: QueueProbe,
}

impl RouterState for HealthState {
    type Queries = Self;
}

/// A dependency does not respond.
#[derive(Debug, thiserror::Error)]
enum NotReady {
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
    let (table, queues) = join(app.table.ping(), app.queues.check()).await;
    table.map_err(NotReady::Table).and(queues).map_err(ApiError::unavailable)?;
    Ok(ApiResponse::ok(ReadinessBody { table: "ok", queues: "ok" }))
}
