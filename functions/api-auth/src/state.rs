//! Application state of `api-auth`, including the JWT signing key.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use shared::api::rate_limits::failed_logins::LoginLimits;
use shared::api::{ApiState, EmailTokens, UserBody};
use shared::domain::session::SessionKey;
use shared::domain::user::User;
use shared::kit::auth::access_token::{
    ACCESS_TOKEN_TTL, TokenSigner, TokenSubject, TokenVerifier, public_keys,
};
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::auth::password::Hasher;
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::error::ApiError;
use shared::kit::http::openapi::RouterState;
use shared::kit::runtime;
use shared::kit::system::clock::{DynEntropy, Entropy, SystemEntropy, Timestamp};
use shared::kit::system::config::Environment;

use crate::body::TokensBody;
use crate::jwks::KeySet;

/// State of the handlers.
#[derive(Clone)]
pub struct AuthState(Arc<AuthStateInner>);

/// Fields of an [`AuthState`].
pub struct AuthStateInner {
    /// Executes commands.
    pub(crate) store: DynamoStore,
    /// Executes queries.
    pub(crate) reader: DynamoReader,
    /// Source of random ids.
    pub(crate) entropy: DynEntropy,
    /// Hashes passwords.
    pub(crate) hasher: Hasher,
    /// Derives refresh tokens.
    pub(crate) mac_key: HmacKey,
    /// Verifies e-mail tokens.
    pub(crate) email_tokens: EmailTokens,
    /// True if an account can log in only after its e-mail address was verified.
    pub(crate) requires_verified_email: bool,
    /// Limits of failed logins.
    pub(crate) login_limits: LoginLimits,
    /// Published key set.
    pub(crate) key_set: KeySet,
    signer: TokenSigner,
    verifier: TokenVerifier,
}

impl AuthState {
    /// Creates the state with these adapters and the keys of the environment.
    ///
    /// # Errors
    /// An error with the name of the variable that is missing or invalid.
    pub fn new(env: &Environment, store: DynamoStore, reader: DynamoReader) -> Result<Self, runtime::Error> {
        Self::with_entropy(env, store, reader, SystemEntropy)
    }

    /// Same as [`new`](Self::new), with this entropy for ids.
    ///
    /// # Errors
    /// An error with the name of the variable that is missing or invalid.
    pub fn with_entropy(
        env: &Environment,
        store: DynamoStore,
        reader: DynamoReader,
        entropy: impl Entropy,
    ) -> Result<Self, runtime::Error> {
        Ok(Self(Arc::new(AuthStateInner {
            store,
            reader,
            entropy: DynEntropy::new(entropy),
            hasher: Hasher::default(),
            mac_key: HmacKey::new(&env.secret("AGORA_REFRESH_TOKEN_KEY")?),
            email_tokens: EmailTokens::from_env(env)?,
            requires_verified_email: env.parse("AGORA_REQUIRE_VERIFIED_EMAIL")?,
            login_limits: LoginLimits::from_env(env)?,
            key_set: KeySet(serde_json::to_value(public_keys(env)?)?),
            signer: TokenSigner::from_env(env)?,
            verifier: TokenVerifier::from_env(env)?,
        })))
    }

    /// Issues a new access token for `user` and returns it with the refresh token `refresh`.
    pub(crate) fn tokens(
        &self,
        user: User,
        session: &str,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<TokensBody, ApiError> {
        let id = user.id.to_string();
        let subject = TokenSubject { user: &id, role: user.role.into(), session };
        let signed = self.signer.sign(subject, format!("{:032x}", self.entropy.random()), now);
        Ok(TokensBody {
            access_token: signed.map_err(ApiError::internal)?,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_TTL.as_secs(),
            refresh_token: refresh.issue(&self.mac_key).expose().to_owned(),
            user: UserBody::with_pending_email(user),
        })
    }
}

/// Session of a refresh token; `None` if its ids are malformed.
pub(crate) fn session_key(token: &RefreshToken) -> Option<SessionKey> {
    Some(SessionKey { user_id: token.user.parse().ok()?, session_id: token.session.parse().ok()? })
}

impl Deref for AuthState {
    type Target = AuthStateInner;

    fn deref(&self) -> &AuthStateInner {
        &self.0
    }
}

impl FromRef<AuthState> for KeySet {
    fn from_ref(state: &AuthState) -> Self {
        state.key_set.clone()
    }
}

impl RouterState for AuthState {
    type Queries = KeySet;
}

impl ApiState for AuthState {
    fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    fn mac_key(&self) -> &HmacKey {
        &self.mac_key
    }
}

impl fmt::Debug for AuthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthState").field("signer", &self.signer).finish_non_exhaustive()
    }
}
