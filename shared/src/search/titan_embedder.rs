//! The embedder of Amazon Bedrock: Titan Text Embeddings V2
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html>).

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::primitives::Blob;
use serde::{Deserialize, Serialize};

use super::embedder::{EmbedError, Embedder};
use crate::projections::search_index::{DIMENSIONS, DocumentText, EmbedderName, Embedding};

/// The model; its ARN is in the template.
const MODEL: &str = "amazon.titan-embed-text-v2:0";

/// Embeds by asking Titan.
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
struct Answer {
    embedding: Vec<f64>,
}

impl TitanEmbedder {
    /// Through this client.
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
        let asked = self.client.invoke_model().model_id(MODEL).body(Blob::new(body));
        let asked = asked.content_type("application/json").accept("application/json");
        let answer = asked.send().await.map_err(|error| embed_error(&error))?;
        let answer: Answer = serde_json::from_slice(answer.body().as_ref())
            .map_err(|_| EmbedError::Rejected("the answer does not read".to_owned()))?;
        quantised(&answer.embedding)
    }
}

/// Components of a normalised embedding are between -1 and 1; their billionths are whole enough to be compared.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "the model answers in floating point; from here on, numbers are whole"
)]
fn quantised(components: &[f64]) -> Result<Embedding, EmbedError> {
    let whole: Vec<i64> = components.iter().map(|component| (component * 1e9) as i64).collect();
    let whole: [i64; DIMENSIONS] =
        whole.try_into().map_err(|_| EmbedError::Rejected("the answer has other dimensions".to_owned()))?;
    Ok(Embedding::quantised(&whole))
}

fn embed_error<R>(error: &SdkError<InvokeModelError, R>) -> EmbedError {
    let SdkError::ServiceError(service) = error else {
        return EmbedError::Unavailable("no answer");
    };
    match service.err() {
        InvokeModelError::ThrottlingException(_) | InvokeModelError::ServiceQuotaExceededException(_) => {
            EmbedError::Throttled
        }
        InvokeModelError::InternalServerException(_)
        | InvokeModelError::ServiceUnavailableException(_)
        | InvokeModelError::ModelNotReadyException(_)
        | InvokeModelError::ModelTimeoutException(_) => EmbedError::Unavailable("a server's error"),
        other => EmbedError::Rejected(other.code().unwrap_or("an unknown error").to_owned()),
    }
}
