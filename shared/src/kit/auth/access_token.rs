//! Access tokens: JWTs signed with Ed25519, verified against a published key set.
//!
//! One algorithm, chosen here and not by the token (RFC 8725, section 3.1). A header may say `alg`, `typ` and `kid` and
//! nothing else: keys come from configuration, never from a token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// How long an access token is valid.
pub const ACCESS_TOKEN_TTL: Duration = Duration::from_mins(15);

/// How far the clocks of two machines may differ.
const LEEWAY: Duration = Duration::from_mins(1);

/// How long after it was signed a token is accepted somewhere: so long its key must be published.
pub const MAX_ACCEPTED_AGE: Duration = ACCESS_TOKEN_TTL.saturating_add(LEEWAY);

/// How long those who verify tokens may keep the published key set: so long a key must be published before it signs.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_mins(5);

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// Who holds it: a user's id.
    pub sub: String,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Its own id.
    pub jti: String,
    /// The holder's role when it was issued.
    pub role: String,
    /// The session that it belongs to.
    pub sid: String,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one of ours, or not for this audience, or not yet valid.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid.
    #[error("the token has expired")]
    Expired,
}

/// Checks tokens; remembers those it has checked, by their digests: a token that is remembered has its signature and its
/// claims checked, and its times are checked with each use. What is remembered does not outlive the process, whose keys
/// never change: no token of a retired key is ever among it.
#[derive(Clone)]
pub struct TokenVerifier {
    issuer: String,
    audience: String,
    keys: HashMap<String, DecodingKey>,
    seen: Cache<Digest, Arc<Claims>>,
}

/// SHA-256 of a token.
type Digest = [u8; 32];

/// How many checked tokens are remembered.
const CACHE_CAPACITY: u64 = 10_000;

/// The longest text that can be a token.
const MAX_TOKEN: usize = 4096;

/// All that a token's header may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    kid: String,
    #[serde(rename = "typ")]
    _typ: Option<String>,
}

impl TokenVerifier {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let set = public_keys(env)?;
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let kid = jwk.common.key_id.clone();
            let kid =
                kid.ok_or_else(|| invalid_variable(PUBLIC_KEYS, "must have a kid for every key".to_owned()))?;
            let key = DecodingKey::from_jwk(jwk).map_err(|_| {
                invalid_variable(PUBLIC_KEYS, format!("has a key that is no Ed25519 key: {kid}"))
            })?;
            keys.insert(kid, key);
        }
        if keys.is_empty() {
            return Err(invalid_variable(PUBLIC_KEYS, "must hold at least one key".to_owned()));
        }
        Ok(Self {
            issuer: env.text("AGORA_JWT_ISSUER")?.to_owned(),
            audience: env.text("AGORA_JWT_AUDIENCE")?.to_owned(),
            keys,
            seen: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(MAX_ACCEPTED_AGE).build(),
        })
    }

    /// What the token says, if it is one of ours and valid at `now`.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Invalid);
        }
        let digest = digest_of(token);
        let claims = if let Some(claims) = self.seen.get(&digest) {
            claims
        } else {
            let claims = Arc::new(self.check_signature(token)?);
            self.seen.insert(digest, Arc::clone(&claims));
            claims
        };
        check_times(&claims, now)?;
        Ok(claims)
    }

    fn check_signature(&self, token: &str) -> Result<Claims, TokenError> {
        let header = token.split('.').next();
        let header =
            header.and_then(|header| URL_SAFE_NO_PAD.decode(header).ok()).ok_or(TokenError::Invalid)?;
        let header: StrictHeader = serde_json::from_slice(&header).map_err(|_| TokenError::Invalid)?;
        let key = self.keys.get(&header.kid).filter(|_| header.alg == "EdDSA").ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // Times are checked below, against the clock that everything else goes by.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        jsonwebtoken::decode::<Claims>(token, key, &validation)
            .map(|data| data.claims)
            .map_err(|_| TokenError::Invalid)
    }
}

fn digest_of(token: &str) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    digest
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
    let latest = now.saturating_add(LEEWAY).as_seconds();
    if claims.iat > latest || claims.nbf.is_some_and(|nbf| nbf > latest) {
        Err(TokenError::Invalid)
    } else if claims.exp <= now.saturating_sub(LEEWAY).as_seconds() {
        Err(TokenError::Expired)
    } else {
        Ok(())
    }
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenVerifier").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

const PUBLIC_KEYS: &str = "AGORA_JWT_PUBLIC_KEYS";
const SIGNING_KEY: &str = "AGORA_JWT_SIGNING_KEY";

/// The published key set.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn public_keys(env: &Environment) -> Result<JwkSet, ConfigError> {
    serde_json::from_str(env.text(PUBLIC_KEYS)?)
        .map_err(|_| invalid_variable(PUBLIC_KEYS, "must be a JSON Web Key Set".to_owned()))
}

/// Signs tokens.
#[derive(Clone)]
pub struct TokenSigner {
    issuer: String,
    audience: String,
    kid: String,
    key: EncodingKey,
}

impl TokenSigner {
    /// The key's id is found in the published set, by the public half.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let pkcs8 = STANDARD
            .decode(env.text(SIGNING_KEY)?)
            .map_err(|_| invalid_variable(SIGNING_KEY, "must be base64".to_owned()))?;
        let signer = Self {
            issuer: env.text("AGORA_JWT_ISSUER")?.to_owned(),
            audience: env.text("AGORA_JWT_AUDIENCE")?.to_owned(),
            kid: kid_of_signing_key(&pkcs8, env)?,
            key: EncodingKey::from_ed_der(&pkcs8),
        };
        Ok(signer)
    }

    /// A token for `user` in the session `session`, valid from `now`.
    ///
    /// # Errors
    /// What the signing library says, which for a key that was read is nothing.
    pub fn sign(
        &self,
        (user, role): (&str, &str),
        session: &str,
        jti: String,
        now: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user.to_owned(),
            exp: now.saturating_add(ACCESS_TOKEN_TTL).as_seconds(),
            iat: now.as_seconds(),
            nbf: None,
            jti,
            role: role.to_owned(),
            sid: session.to_owned(),
        };
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key)
    }
}

impl std::fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSigner").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn kid_of_signing_key(pkcs8: &[u8], env: &Environment) -> Result<String, ConfigError> {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8)
        .map_err(|_| invalid_variable(SIGNING_KEY, "must be an Ed25519 key in PKCS#8".to_owned()))?;
    let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let is_ours = |jwk: &&jsonwebtoken::jwk::Jwk| match &jwk.algorithm {
        jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(parameters) => parameters.x == public,
        _ => false,
    };
    let set = public_keys(env)?;
    let kid = set.keys.iter().find(is_ours).and_then(|jwk| jwk.common.key_id.clone());
    kid.ok_or_else(|| {
        invalid_variable(PUBLIC_KEYS, format!("must hold the public half of {SIGNING_KEY}, with a kid"))
    })
}

#[cfg(test)]
mod tests;
