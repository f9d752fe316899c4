//! Refresh tokens: opaque to their holder, derived by us, stored only as hashes.
//!
//! A token names its account, its session and its generation, and carries the seal on them. Being derived, the successor
//! of a token is the same however often it is asked for, so that an answer that got lost can be given again without
//! keeping the token itself.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kit::auth::hmac_key::HmacKey;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose it is.
    pub user: String,
    /// The session that it keeps alive.
    pub session: String,
    /// How many tokens of the session came before it.
    pub generation: u64,
}

const LABEL: &str = "refresh-token";

impl RefreshToken {
    /// The token that follows this one.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }

    /// The token as its holder keeps it.
    #[must_use]
    pub fn issue(&self, seal: &HmacKey) -> IssuedRefreshToken {
        let generation = self.generation.to_string();
        let mark = seal.mac(LABEL, &[self.user.as_bytes(), self.session.as_bytes(), generation.as_bytes()]);
        IssuedRefreshToken(format!("{}.{}.{generation}.{mark}", self.user, self.session))
    }

    /// Reads a token that we issued; `None` for anything else.
    #[must_use]
    pub fn read(text: &str, seal: &HmacKey) -> Option<Self> {
        let mut parts = Some(text).filter(|text| text.len() <= 256)?.split('.');
        let (user, session, generation, mark) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let signed = [user.as_bytes(), session.as_bytes(), generation.as_bytes()];
        if parts.next().is_some() || !seal.verify(LABEL, &signed, mark) {
            return None;
        }
        Some(Self {
            user: user.to_owned(),
            session: session.to_owned(),
            generation: generation.parse().ok()?,
        })
    }
}

/// A token as its holder keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedRefreshToken(String);

impl IssuedRefreshToken {
    /// The token itself, for the answer to its holder and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it: its SHA-256, in base64url.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }
}

impl fmt::Debug for IssuedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_issued_reads() {
        let seal = HmacKey::new(&[3; 32]);
        let token = RefreshToken { user: "usr_1".to_owned(), session: "ses_1".to_owned(), generation: 4 };
        let issued = token.issue(&seal);
        assert_eq!(RefreshToken::read(issued.expose(), &seal), Some(token.clone()));
        assert_eq!(token.successor().issue(&seal), token.successor().issue(&seal));
        assert_eq!(RefreshToken::read(&issued.expose().replace(".4.", ".5."), &seal), None);
        assert_eq!(RefreshToken::read(issued.expose(), &HmacKey::new(&[4; 32])), None);
        assert_eq!(RefreshToken::read("eyJhbGciOiJub25lIn0.e30.", &seal), None);
    }
}
