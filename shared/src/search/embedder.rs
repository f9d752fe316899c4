//! Embedders, which convert texts to embeddings.

use std::future::Future;

use crate::kit::resilience::breaker::CircuitOpen;
use crate::projections::search_index::{DocumentText, EmbedderName, Embedding};

/// Converts texts to embeddings. Under the same name, a text always has the same embedding.
pub trait Embedder: Clone + Send + Sync + 'static {
    /// Name of the embedder. Embeddings of different names are not comparable.
    fn name(&self) -> EmbedderName;

    /// Embeds a text. Implementations return [`EmbedError`] if the model fails.
    fn embed(&self, passage: &DocumentText) -> impl Future<Output = Result<Embedding, EmbedError>> + Send;
}

/// Error of an embedding.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EmbedError {
    /// The model throttles requests; may be retried later.
    #[error("the model throttles requests")]
    Throttled,
    /// The model did not respond or failed; may be retried later.
    #[error("the model did not respond: {0}")]
    Unavailable(&'static str),
    /// Too many calls failed; the model was not called.
    #[error("the model does not respond; {0}")]
    CircuitOpen(#[from] CircuitOpen),
    /// The model rejected the request, or the response is not an embedding; retrying does not help.
    #[error("the model rejected the text: {0}")]
    Rejected(String),
}
