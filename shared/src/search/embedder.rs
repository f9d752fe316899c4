//! Embedders: from a text to what it is about.

use std::future::Future;

use crate::kit::aws::Aws;
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};
use crate::projections::search_index::{DocumentText, EmbedderName, Embedding};
use crate::search::hashing_embedder::HashingEmbedder;
use crate::search::titan_embedder::TitanEmbedder;

/// Makes embeddings. The same text has the same embedding, as long as the name is the same.
pub trait Embedder: Clone + Send + Sync + 'static {
    /// Who it is: embeddings under another name are not comparable with its own.
    fn name(&self) -> EmbedderName;

    /// What `passage` is about. Implementations return [`EmbedError`] when they have nobody to ask, or get no answer.
    fn embed(&self, passage: &DocumentText) -> impl Future<Output = Result<Embedding, EmbedError>> + Send;
}

/// Why there is no embedding.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EmbedError {
    /// Too many requests for the model; worth another attempt later.
    #[error("the model throttles requests")]
    Throttled,
    /// No answer, or a server's error; worth another attempt later.
    #[error("the model did not answer: {0}")]
    Unavailable(&'static str),
    /// The request was refused, or its answer is no embedding; another attempt will not change that.
    #[error("the model refused the text: {0}")]
    Rejected(String),
}

/// The embedder that the deployment chose.
#[derive(Debug, Clone)]
pub enum ConfiguredEmbedder {
    /// The one in the function itself.
    Hashed(HashingEmbedder),
    /// The one of Amazon Bedrock.
    Titan(TitanEmbedder),
}

impl ConfiguredEmbedder {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, aws: &Aws) -> Result<Self, ConfigError> {
        match env.text("AGORA_EMBEDDER")? {
            "embedded" => Ok(Self::Hashed(HashingEmbedder)),
            "titan" => Ok(Self::Titan(TitanEmbedder::new(aws.bedrock()))),
            _ => Err(invalid_variable("AGORA_EMBEDDER", "must be `embedded` or `titan`".to_owned())),
        }
    }
}

impl Embedder for ConfiguredEmbedder {
    fn name(&self) -> EmbedderName {
        match self {
            Self::Hashed(hashed) => hashed.name(),
            Self::Titan(titan) => titan.name(),
        }
    }

    async fn embed(&self, passage: &DocumentText) -> Result<Embedding, EmbedError> {
        match self {
            Self::Hashed(hashed) => hashed.embed(passage).await,
            Self::Titan(titan) => titan.embed(passage).await,
        }
    }
}
