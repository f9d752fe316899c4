//! What a function behind HTTP is given.

use crate::auth::token::TokenVerifier;
use crate::clock::SystemEntropy;
use crate::config::{ConfigError, Environment};
use crate::http::Seal;

/// What extractors need of a function's state.
pub trait Edge: Clone + Send + Sync + 'static {
    /// Checks access tokens.
    fn verifier(&self) -> &TokenVerifier;
    /// Seals cursors and fingerprints.
    fn seal(&self) -> &Seal;
}

/// The state of a function behind HTTP: a store for its commands, a reader for its queries.
#[derive(Debug, Clone)]
pub struct App<S, Q> {
    /// Carries out commands.
    pub store: S,
    /// Answers queries.
    pub reader: Q,
    /// Makes ids.
    pub entropy: SystemEntropy,
    /// Checks access tokens.
    pub verifier: TokenVerifier,
    /// Seals cursors and fingerprints.
    pub seal: Seal,
}

impl<S, Q> App<S, Q> {
    /// On these adapters, with the keys of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn new(env: &Environment, store: S, reader: Q) -> Result<Self, ConfigError> {
        Ok(Self {
            store,
            reader,
            entropy: SystemEntropy,
            verifier: TokenVerifier::from_env(env)?,
            seal: Seal::new(&env.secret("AGORA_CURSOR_KEY")?),
        })
    }
}

impl<S, Q> Edge for App<S, Q>
where
    S: Clone + Send + Sync + 'static,
    Q: Clone + Send + Sync + 'static,
{
    fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    fn seal(&self) -> &Seal {
        &self.seal
    }
}
