//! The embedder that the deployment configures.

use super::embedder::{EmbedError, Embedder};
use super::hashing_embedder::HashingEmbedder;
use super::titan_embedder::TitanEmbedder;
use crate::kit::aws::Aws;
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};
use crate::projections::search_index::{DocumentText, EmbedderName, Embedding};

/// The embedder configured for the deployment.
#[derive(Debug, Clone)]
pub enum ConfiguredEmbedder {
    /// The embedder built into the function.
    Hashed(HashingEmbedder),
    /// Amazon Bedrock's embedder.
    Titan(TitanEmbedder),
}

impl ConfiguredEmbedder {
    /// Creates the embedder that the environment names.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing or invalid.
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
