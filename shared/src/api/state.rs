//! What a function behind HTTP is given.

use std::ops::Deref;
use std::sync::Arc;

use crate::kit::auth::access_token::TokenVerifier;
use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::system::clock::SystemEntropy;
use crate::kit::system::config::{ConfigError, Environment};

/// What extractors need of a function's state.
pub trait ApiState: Clone + Send + Sync + 'static {
    /// Checks access tokens.
    fn verifier(&self) -> &TokenVerifier;
    /// Seals cursors and fingerprints.
    fn seal(&self) -> &HmacKey;
}

/// The state of a function behind HTTP. The router gives each layer and each request a copy, which is one more reference.
#[derive(Debug)]
pub struct AppState<S, Q>(Arc<AppStateInner<S, Q>>);

/// What requests are answered with: a store for commands, a reader for queries.
#[derive(Debug)]
pub struct AppStateInner<S, Q> {
    /// Carries out commands.
    pub store: S,
    /// Answers queries.
    pub reader: Q,
    /// Makes ids.
    pub entropy: SystemEntropy,
    /// Checks access tokens.
    pub verifier: TokenVerifier,
    /// Seals cursors and fingerprints.
    pub seal: HmacKey,
}

impl<S, Q> AppState<S, Q> {
    /// On these adapters, with the keys of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn new(env: &Environment, store: S, reader: Q) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(AppStateInner {
            store,
            reader,
            entropy: SystemEntropy,
            verifier: TokenVerifier::from_env(env)?,
            seal: HmacKey::new(&env.secret("AGORA_CURSOR_KEY")?),
        })))
    }
}

impl<S, Q> Clone for AppState<S, Q> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, Q> Deref for AppState<S, Q> {
    type Target = AppStateInner<S, Q>;

    fn deref(&self) -> &AppStateInner<S, Q> {
        &self.0
    }
}

impl<S, Q> ApiState for AppState<S, Q>
where
    S: Send + Sync + 'static,
    Q: Send + Sync + 'static,
{
    fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    fn seal(&self) -> &HmacKey {
        &self.seal
    }
}
