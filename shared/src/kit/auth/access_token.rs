//! Access tokens: JWTs signed with Ed25519, verified against a published key set.
//!
//! The algorithm is fixed here and not taken from the token (RFC 8725, section 3.1). A header may contain
//! only `alg`, `typ` and `kid`: keys come from the configuration, never from a token.

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

/// Lifetime of an access token.
pub const ACCESS_TOKEN_TTL: Duration = Duration::from_mins(15);

/// Tolerated difference between the clocks of two machines.
const LEEWAY: Duration = Duration::from_mins(1);

/// Maximum age at which a token is accepted. Its key must stay published for this long.
pub const MAX_ACCEPTED_AGE: Duration = ACCESS_TOKEN_TTL.saturating_add(LEEWAY);

/// Maximum time for which verifiers may cache the published key set. A key must be published for this long
/// before it signs.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_mins(5);

/// Claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// Subject: the id of the user.
    pub sub: String,
    /// Time of expiry, in seconds since the Unix epoch.
    pub exp: i64,
    /// Time of issue, in seconds since the Unix epoch.
    pub iat: i64,
    /// Time before which the token is not valid, in seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Id of the token.
    pub jti: String,
    /// Role of the user when the token was issued.
    pub role: String,
    /// Id of the session.
    pub sid: String,
}

/// Reason why an access token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token was not issued by us, is for another audience, or is not yet valid.
    #[error("the access token is invalid")]
    Invalid,
    /// The token has expired.
    #[error("the access token has expired; refresh it")]
    Expired,
}

/// Verifies tokens and caches the verified ones by digest.
///
/// The signature and claims of a token are checked once, its times on each use. The cache does not outlive
/// the process, whose keys never change, so it never contains a token of a retired key.
#[derive(Clone)]
pub struct TokenVerifier {
    issuer: String,
    audience: String,
    keys: HashMap<String, DecodingKey>,
    verified: Cache<Digest, Arc<Claims>>,
}

/// SHA-256 of a token.
type Digest = [u8; 32];

/// Maximum number of cached tokens.
const CACHE_CAPACITY: u64 = 10_000;

/// Maximum length of a token, in bytes.
const MAX_TOKEN_LENGTH: usize = 4096;

/// Fields that a token's header may contain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    kid: String,
    #[serde(rename = "typ")]
    _typ: Option<String>,
}

impl TokenVerifier {
    /// Reads the issuer, the audience and the key set from the environment.
    ///
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
                invalid_variable(PUBLIC_KEYS, format!("must contain only Ed25519 keys: {kid} is not one"))
            })?;
            keys.insert(kid, key);
        }
        if keys.is_empty() {
            return Err(invalid_variable(PUBLIC_KEYS, "must contain at least one key".to_owned()));
        }
        Ok(Self {
            issuer: env.text("AGORA_JWT_ISSUER")?.to_owned(),
            audience: env.text("AGORA_JWT_AUDIENCE")?.to_owned(),
            keys,
            verified: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(MAX_ACCEPTED_AGE).build(),
        })
    }

    /// Verifies a token at `now` and returns its claims.
    ///
    /// # Errors
    /// [`TokenError`] if the token is invalid or expired.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, TokenError> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(TokenError::Invalid);
        }
        let digest = digest_of(token);
        let claims = if let Some(claims) = self.verified.get(&digest) {
            claims
        } else {
            let claims = Arc::new(self.check_signature(token)?);
            self.verified.insert(digest, Arc::clone(&claims));
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
        // The times are checked by `check_times`, against the injected clock.
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

/// Reads the published key set from the environment.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn public_keys(env: &Environment) -> Result<JwkSet, ConfigError> {
    serde_json::from_str(env.text(PUBLIC_KEYS)?)
        .map_err(|_| invalid_variable(PUBLIC_KEYS, "must be a JSON Web Key Set".to_owned()))
}

/// User and session to issue a token for.
#[derive(Debug, Clone, Copy)]
pub struct TokenSubject<'a> {
    /// Id of the user.
    pub user: &'a str,
    /// Current role of the user.
    pub role: &'a str,
    /// Id of the session.
    pub session: &'a str,
}

/// Signs access tokens.
#[derive(Clone)]
pub struct TokenSigner {
    issuer: String,
    audience: String,
    kid: String,
    key: EncodingKey,
}

impl TokenSigner {
    /// Reads the signing key from the environment and finds its `kid` in the published key set by its public
    /// key.
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

    /// Signs a token of this subject, valid from `now`.
    ///
    /// # Errors
    /// Error of the signing library, which does not occur with a key that was parsed.
    pub fn sign(
        &self,
        subject: TokenSubject<'_>,
        jti: String,
        now: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: subject.user.to_owned(),
            exp: now.saturating_add(ACCESS_TOKEN_TTL).as_seconds(),
            iat: now.as_seconds(),
            nbf: None,
            jti,
            role: subject.role.to_owned(),
            sid: subject.session.to_owned(),
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
    let is_signing_key = |jwk: &&jsonwebtoken::jwk::Jwk| match &jwk.algorithm {
        jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(parameters) => parameters.x == public,
        _ => false,
    };
    let set = public_keys(env)?;
    let kid = set.keys.iter().find(is_signing_key).and_then(|jwk| jwk.common.key_id.clone());
    kid.ok_or_else(|| {
        invalid_variable(PUBLIC_KEYS, format!("must contain the public key of {SIGNING_KEY}, with a kid"))
    })
}

#[cfg(test)]
mod tests;
