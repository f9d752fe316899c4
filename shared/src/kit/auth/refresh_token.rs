//! Refresh tokens: opaque to the client, derived with a secret key, stored only as hashes.
//!
//! A token contains the user, the session, the generation and the HMAC of the three. Because it is derived,
//! the successor of a token is always the same, so that it can be returned again if a response was lost,
//! although the token itself is not stored.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kit::auth::hmac_key::HmacKey;

/// Content of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Id of the user.
    pub user: String,
    /// Id of the session that it extends.
    pub session: String,
    /// Number of earlier tokens of the session.
    pub generation: u64,
}

const LABEL: &str = "refresh-token";

impl RefreshToken {
    /// Token of the next generation.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }

    /// Encodes and signs the token.
    #[must_use]
    pub fn issue(&self, key: &HmacKey) -> IssuedRefreshToken {
        let generation = self.generation.to_string();
        let mac = key.mac(LABEL, &[self.user.as_bytes(), self.session.as_bytes(), generation.as_bytes()]);
        IssuedRefreshToken(format!("{}.{}.{generation}.{mac}", self.user, self.session))
    }

    /// Verifies and decodes a token; `None` if it was not issued with this key.
    #[must_use]
    pub fn verify(text: &str, key: &HmacKey) -> Option<Self> {
        let mut parts = Some(text).filter(|text| text.len() <= 256)?.split('.');
        let (user, session, generation, mac) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let signed = [user.as_bytes(), session.as_bytes(), generation.as_bytes()];
        if parts.next().is_some() || !key.verify(LABEL, &signed, mac) {
            return None;
        }
        Some(Self {
            user: user.to_owned(),
            session: session.to_owned(),
            generation: generation.parse().ok()?,
        })
    }
}

/// Encoded refresh token, as the client stores it.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedRefreshToken(String);

impl IssuedRefreshToken {
    /// Plain token, only for the response to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the token in base64url. Only this hash is stored.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }
}

impl fmt::Debug for IssuedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedRefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_issued_tokens_are_accepted() {
        let key = HmacKey::new(&[3; 32]);
        let token = RefreshToken { user: "usr_1".to_owned(), session: "ses_1".to_owned(), generation: 4 };
        let issued = token.issue(&key);
        assert_eq!(RefreshToken::verify(issued.expose(), &key), Some(token.clone()));
        assert_eq!(token.successor().issue(&key), token.successor().issue(&key));
        assert_eq!(RefreshToken::verify(&issued.expose().replace(".4.", ".5."), &key), None);
        assert_eq!(RefreshToken::verify(issued.expose(), &HmacKey::new(&[4; 32])), None);
        assert_eq!(RefreshToken::verify("eyJhbGciOiJub25lIn0.e30.", &key), None);
    }
}
