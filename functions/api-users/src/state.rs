//! State of the handlers of `api-users`, including the verification of the current password.

use axum::extract::FromRef;
use shared::api::permission::UserLookup;
use shared::api::rate_limits::failed_logins::{LoginLimits, LoginSource};
use shared::api::{ApiState, CommandState, QueryState};
use shared::domain::access::AccessError;
use shared::domain::user::{SessionEpoch, UserId};
use shared::kit::auth::access_token::TokenVerifier;
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::auth::password::{Hasher, Password};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::RequestInfo;
use shared::kit::http::openapi::RouterState;
use shared::kit::resilience::rate_limit::attempts::AttemptLimiter;
use shared::kit::system::clock::Entropy;
use shared::kit::system::config::{ConfigError, Environment};
use shared::repository::user::UserReader;

/// State of the handlers.
#[derive(Clone)]
pub struct UsersState {
    /// State of the handlers that verify no password.
    pub(crate) commands: CommandState,
    hasher: Hasher,
    login_limits: LoginLimits,
}

impl UsersState {
    /// Creates the state with these adapters and the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn new(env: &Environment, store: DynamoStore, reader: DynamoReader) -> Result<Self, ConfigError> {
        Ok(Self {
            commands: CommandState::new(env, store, reader)?,
            hasher: Hasher::default(),
            login_limits: LoginLimits::from_env(env)?,
        })
    }

    /// Replaces the entropy of the operating system.
    #[must_use]
    pub fn with_entropy(self, entropy: impl Entropy) -> Self {
        Self { commands: self.commands.with_entropy(entropy), ..self }
    }

    /// Verifies the current password of the account `id`, and returns the session epoch of the account;
    /// `None` if the request contains no password. Attempts are counted like logins.
    ///
    /// # Errors
    /// 401 if the password is wrong, and 429 after too many failed attempts.
    pub(crate) async fn reauthenticate(
        &self,
        id: UserId,
        password: Option<Password>,
        info: &RequestInfo,
    ) -> Result<Option<SessionEpoch>, ApiError> {
        let Some(password) = password else { return Ok(None) };
        let (reader, store) = (&self.commands.queries.reader, &self.commands.store);
        let account = reader.account_by_id(id).await?;
        let (user, credentials) = account.ok_or_else(|| AccessError::not_found(id))?;
        let (network, now) = (info.client_network(), info.received_at);
        let known = reader.known_network(Some(id), self.login_limits.digest(&network)).await?;
        let source = LoginSource { network: &network, known };
        let attempt = self.login_limits.admit(store.clone(), &user.email, source, now).await?;
        let hash = credentials.password_hash().map(str::to_owned);
        if !self.hasher.verify(password, hash).await.map_err(ApiError::internal)? {
            return Err(ApiError::new(ErrorCode::InvalidCredentials, "the current password is wrong"));
        }
        AttemptLimiter::new(store.clone()).succeeded(attempt).await?;
        Ok(Some(user.session_epoch))
    }
}

impl RouterState for UsersState {
    type Queries = QueryState;
}

impl FromRef<UsersState> for CommandState {
    fn from_ref(state: &UsersState) -> Self {
        state.commands.clone()
    }
}

impl FromRef<UsersState> for QueryState {
    fn from_ref(state: &UsersState) -> Self {
        state.commands.queries.clone()
    }
}

impl ApiState for UsersState {
    fn verifier(&self) -> &TokenVerifier {
        self.commands.verifier()
    }

    fn mac_key(&self) -> &HmacKey {
        self.commands.mac_key()
    }
}

impl UserLookup for UsersState {
    type Users = DynamoReader;

    fn users(&self) -> &DynamoReader {
        &self.commands.queries.reader
    }
}
