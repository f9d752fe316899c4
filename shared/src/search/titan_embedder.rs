//! Embedder of Amazon Bedrock: Titan Text Embeddings V2
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html>).
//!
//! The SDK retries a call. A circuit breaker around these calls stops calling a model that does not respond.
//! Throttling is not counted as a failure, because the SDK waits before it retries a throttled call.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::primitives::Blob;
use serde::{Deserialize, Serialize};

use super::embedder::{EmbedError, Embedder};
use crate::kit::resilience::breaker::{Breaker, BreakerConfig, CallOutcome};
use crate::kit::system::clock::{Clock, SystemClock};
use crate::projections::search_index::{DIMENSIONS, DocumentText, EmbedderName, Embedding};

/// Model id. `template.yaml` contains its ARN.
const MODEL: &str = "amazon.titan-embed-text-v2:0";

/// Settings of the circuit breaker. A call with its retries can take seconds, so the window is longer than that of
/// the payment gateway.
const BREAKER: BreakerConfig = BreakerConfig {
    window: Duration::from_secs(30),
    min_calls: 5,
    failure_rate_percent: 50,
    open_for: Duration::from_secs(5),
};

/// Embedder that calls Titan.
#[derive(Debug, Clone)]
pub struct TitanEmbedder<C = SystemClock> {
    client: Client,
    breaker: Arc<Breaker<C>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    input_text: &'a str,
    dimensions: usize,
    normalize: bool,
}

#[derive(Deserialize)]
struct ModelResponse {
    embedding: Vec<f64>,
}

impl TitanEmbedder {
    /// Creates an embedder on a Bedrock client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, breaker: Arc::new(Breaker::new("bedrock", BREAKER, SystemClock)) }
    }

    /// Replaces the clock, with a closed circuit breaker.
    #[must_use]
    pub fn with_clock<C: Clock>(self, clock: C) -> TitanEmbedder<C> {
        TitanEmbedder { client: self.client, breaker: Arc::new(Breaker::new("bedrock", BREAKER, clock)) }
    }
}

impl<C: Clock> TitanEmbedder<C> {
    async fn invoke(&self, body: Vec<u8>) -> Result<Embedding, EmbedError> {
        let call = self.client.invoke_model().model_id(MODEL).body(Blob::new(body));
        let call = call.content_type("application/json").accept("application/json");
        let response = call.send().await.map_err(|error| embed_error(&error))?;
        let response: ModelResponse = serde_json::from_slice(response.body().as_ref())
            .map_err(|_| EmbedError::Rejected("the response cannot be parsed".to_owned()))?;
        quantised(&response.embedding)
    }
}

impl<C: Clock> Embedder for TitanEmbedder<C> {
    fn name(&self) -> EmbedderName {
        EmbedderName::Titan
    }

    async fn embed(&self, passage: &DocumentText) -> Result<Embedding, EmbedError> {
        let text = format!("{}\n{}", passage.title, passage.body);
        let request = Request { input_text: text.trim_end(), dimensions: DIMENSIONS, normalize: true };
        let body = serde_json::to_vec(&request).map_err(|error| EmbedError::Rejected(error.to_string()))?;
        let permit = self.breaker.try_acquire()?;
        let result = self.invoke(body).await;
        let failed = matches!(result, Err(EmbedError::Unavailable(_)));
        permit.end(if failed { CallOutcome::Failed } else { CallOutcome::Succeeded });
        result
    }
}

/// Converts the components of a normalised embedding, between -1 and 1, to integers in units of 1e-9.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "the model returns floating-point numbers; all further computation uses integers"
)]
fn quantised(components: &[f64]) -> Result<Embedding, EmbedError> {
    let integers: Vec<i64> = components.iter().map(|component| (component * 1e9) as i64).collect();
    let integers: [i64; DIMENSIONS] = integers
        .try_into()
        .map_err(|_| EmbedError::Rejected("the response has the wrong number of dimensions".to_owned()))?;
    Ok(Embedding::quantised(&integers))
}

fn embed_error(error: &SdkError<InvokeModelError>) -> EmbedError {
    let SdkError::ServiceError(service) = error else {
        return EmbedError::Unavailable("no response");
    };
    match service.err() {
        InvokeModelError::ThrottlingException(_) | InvokeModelError::ServiceQuotaExceededException(_) => {
            EmbedError::Throttled
        }
        InvokeModelError::InternalServerException(_)
        | InvokeModelError::ServiceUnavailableException(_)
        | InvokeModelError::ModelNotReadyException(_)
        | InvokeModelError::ModelTimeoutException(_) => EmbedError::Unavailable("server error"),
        // A proxy in front of the model may respond without an error code.
        _ if service.raw().status().is_server_error() => EmbedError::Unavailable("server error"),
        other => EmbedError::Rejected(other.code().unwrap_or("unknown error").to_owned()),
    }
}
