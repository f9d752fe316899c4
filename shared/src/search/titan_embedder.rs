//! Embedder of Amazon Bedrock: Titan Text Embeddings V2
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html>).

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::primitives::Blob;
use serde::{Deserialize, Serialize};

use super::embedder::{EmbedError, Embedder};
use crate::projections::search_index::{DIMENSIONS, DocumentText, EmbedderName, Embedding};

/// Model id. `template.yaml` contains its ARN.
const MODEL: &str = "amazon.titan-embed-text-v2:0";

/// Embedder that calls Titan.
#[derive(Debug, Clone)]
pub struct TitanEmbedder {
    client: Client,
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
    pub const fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Embedder for TitanEmbedder {
    fn name(&self) -> EmbedderName {
        EmbedderName::Titan
    }

    async fn embed(&self, passage: &DocumentText) -> Result<Embedding, EmbedError> {
        let text = format!("{}\n{}", passage.title, passage.body);
        let request = Request { input_text: text.trim_end(), dimensions: DIMENSIONS, normalize: true };
        let body = serde_json::to_vec(&request).map_err(|error| EmbedError::Rejected(error.to_string()))?;
        let call = self.client.invoke_model().model_id(MODEL).body(Blob::new(body));
        let call = call.content_type("application/json").accept("application/json");
        let response = call.send().await.map_err(|error| embed_error(&error))?;
        let response: ModelResponse = serde_json::from_slice(response.body().as_ref())
            .map_err(|_| EmbedError::Rejected("the response cannot be parsed".to_owned()))?;
        quantised(&response.embedding)
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

fn embed_error<R>(error: &SdkError<InvokeModelError, R>) -> EmbedError {
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
        other => EmbedError::Rejected(other.code().unwrap_or("unknown error").to_owned()),
    }
}
