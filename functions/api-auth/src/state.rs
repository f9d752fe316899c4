//! What the function is given: more than others, for it alone holds the keys that sign.

use std::fmt;

use shared::api::{ApiState, EmailTokens};
use shared::domain::session::SessionKey;
use shared::domain::user::User;
use shared::kit::auth::access_token::{ACCESS_TOKEN_TTL, TokenSigner, TokenVerifier, public_keys};
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::auth::password::Hasher;
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::error::ApiError;
use shared::kit::runtime;
use shared::kit::system::clock::{Entropy, SystemEntropy, Timestamp};
use shared::kit::system::config::Environment;

use crate::body::TokensBody;
use crate::jwks::KeySet;
use crate::login_limits::LoginLimits;

/// The state of the function.
#[derive(Clone)]
pub struct AuthState<S, Q> {
    /// Carries out commands.
    pub(crate) store: S,
    /// Answers queries.
    pub(crate) reader: Q,
    /// Makes ids.
    pub(crate) entropy: SystemEntropy,
    /// Hashes passwords.
    pub(crate) hasher: Hasher,
    /// Derives refresh tokens.
    pub(crate) seal: HmacKey,
    /// Checks tokens that came by e-mail.
    pub(crate) email_tokens: EmailTokens,
    /// Whether only those log in who have shown that their address is theirs.
    pub(crate) requires_verified_email: bool,
    /// How many logins may fail.
    pub(crate) login_limits: LoginLimits,
    /// The published key set, as it is answered.
    pub(crate) key_set: KeySet,
    signer: TokenSigner,
    verifier: TokenVerifier,
}

impl<S, Q> AuthState<S, Q> {
    /// On these adapters, with the keys of the environment.
    ///
    /// # Errors
    /// What is wrong with the environment, by the variable's name.
    pub fn new(env: &Environment, store: S, reader: Q) -> Result<Self, runtime::Error> {
        Ok(Self {
            store,
            reader,
            entropy: SystemEntropy,
            hasher: Hasher::default(),
            seal: HmacKey::new(&env.secret("AGORA_REFRESH_TOKEN_KEY")?),
            email_tokens: EmailTokens::from_env(env)?,
            requires_verified_email: env.parse("AGORA_REQUIRE_VERIFIED_EMAIL")?,
            login_limits: LoginLimits::from_env(env)?,
            key_set: KeySet(serde_json::to_value(public_keys(env)?)?),
            signer: TokenSigner::from_env(env)?,
            verifier: TokenVerifier::from_env(env)?,
        })
    }

    /// The tokens for `user` in a session: a new access token, and the refresh token given.
    pub(crate) fn tokens(
        &self,
        user: User,
        session: &str,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<TokensBody, ApiError> {
        let subject = user.id.to_string();
        let jti = format!("{:032x}", self.entropy.random());
        let signed = self.signer.sign((&subject, user.role.as_str()), session, jti, now);
        Ok(TokensBody {
            access_token: signed.map_err(ApiError::internal)?,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_TTL.as_secs(),
            refresh_token: refresh.issue(&self.seal).expose().to_owned(),
            user: user.into(),
        })
    }
}

/// What a refresh token names, once it was read as one of ours.
pub(crate) fn session_of(token: &RefreshToken) -> Option<SessionKey> {
    Some(SessionKey { user_id: token.user.parse().ok()?, session_id: token.session.parse().ok()? })
}

impl<S: Clone + Send + Sync + 'static, Q: Clone + Send + Sync + 'static> ApiState for AuthState<S, Q> {
    fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    fn seal(&self) -> &HmacKey {
        &self.seal
    }
}

impl<S, Q> fmt::Debug for AuthState<S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("signer", &self.signer).finish_non_exhaustive()
    }
}
