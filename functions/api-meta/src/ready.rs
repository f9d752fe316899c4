//! `GET /health/ready`: whether the table and the queues can be reached.

use std::future::Future;

use axum::extract::State;
use futures::future::{join, try_join_all};
use schemars::JsonSchema;
use serde::Serialize;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::StoreError;
use shared::kit::error::ApiError;
use shared::kit::http::ApiResponse;
use shared::messaging::event_routing::Subscriptions;

/// What the function asks whether the system is ready.
#[derive(Debug, Clone)]
pub struct HealthState<T, Q> {
    /// The table.
    pub table: T,
    /// The queues.
    pub queues: Q,
}

/// Something that the system cannot do without.
pub trait Probe: Clone + Send + Sync + 'static {
    /// Whether it answers. Implementations return why not, for the log.
    fn check(&self) -> impl Future<Output = Result<(), NotReady>> + Send;
}

/// Something does not answer.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The table.
    #[error("the table cannot be reached")]
    Table(#[source] StoreError),
    /// A queue.
    #[error("a queue cannot be reached")]
    Queue(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Probe for DynamoReader {
    async fn check(&self) -> Result<(), NotReady> {
        self.ping().await.map_err(NotReady::Table)
    }
}

/// The queues that events are published to.
#[derive(Debug, Clone)]
pub struct QueueProbe {
    client: aws_sdk_sqs::Client,
    urls: Vec<String>,
}

impl QueueProbe {
    /// All queues of the subscriptions.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, subscriptions: &Subscriptions) -> Self {
        Self { client, urls: subscriptions.addresses().map(str::to_owned).collect() }
    }
}

impl Probe for QueueProbe {
    async fn check(&self) -> Result<(), NotReady> {
        let asked = self.urls.iter().map(|url| self.client.get_queue_attributes().queue_url(url).send());
        try_join_all(asked).await.map(drop).map_err(|error| NotReady::Queue(error.into()))
    }
}

/// What is ready.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Readiness")]
pub(crate) struct ReadinessBody {
    table: &'static str,
    queues: &'static str,
}

/// Answers 200 if requests can be served, 503 if not.
pub(crate) async fn get_readiness<T: Probe, Q: Probe>(
    State(meta): State<HealthState<T, Q>>,
) -> Result<ApiResponse<ReadinessBody>, ApiError> {
    let (table, queues) = join(meta.table.check(), meta.queues.check()).await;
    table.and(queues).map_err(ApiError::unavailable)?;
    Ok(ApiResponse::ok(ReadinessBody { table: "ok", queues: "ok" }))
}
