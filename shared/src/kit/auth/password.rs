//! Passwords, hashed with argon2id.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// Password of 8 to 128 characters, prepared with the profile `OpaqueString` of RFC 8265: spaces other than
/// ASCII become ASCII spaces, and the text is in NFC. It is never logged or stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Minimum number of characters of a password (NIST SP 800-63B).
pub const MIN_CHARACTERS: usize = 8;
/// Maximum number of characters of a password.
pub const MAX_CHARACTERS: usize = 128;
/// Maximum number of bytes of a password before its preparation.
const MAX_BYTES: usize = 1024;

/// Reason why a text is not a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The text is too short or too long.
    #[error("must be {MIN_CHARACTERS} to {MAX_CHARACTERS} characters long, and at most {MAX_BYTES} bytes")]
    Length,
    /// The text contains a control character.
    #[error("must not contain control characters")]
    Control,
}

impl FromStr for Password {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        if text.len() > MAX_BYTES {
            return Err(PasswordError::Length);
        }
        let prepared: String = text.chars().map(map_space).nfc().collect();
        if prepared.chars().any(char::is_control) {
            return Err(PasswordError::Control);
        }
        let is_allowed = (MIN_CHARACTERS..=MAX_CHARACTERS).contains(&prepared.chars().count());
        if is_allowed { Ok(Self(prepared)) } else { Err(PasswordError::Length) }
    }
}

/// Maps every space (general category Zs) to an ASCII space.
fn map_space(c: char) -> char {
    let is_space = || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::SpaceSeparator;
    if !c.is_ascii() && is_space() { ' ' } else { c }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Hashing failed. With our own parameters and hashes, this happens only if a thread dies.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The algorithm returned an error.
    #[error("password hashing failed: {0}")]
    Argon2(String),
    /// The hashing thread did not finish.
    #[error("password hashing was interrupted")]
    Interrupted,
}

/// Parameters of argon2id from OWASP's "Password Storage Cheat Sheet". Of the sets that are listed as equally
/// strong, this one fits into the memory of a small function: 12 MiB, three passes, one lane.
const COST: Params = match Params::new(12 * 1024, 3, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("invalid argon2 parameters"),
};
/// Dummy salt and hash, verified when no account exists, so that timing does not reveal it. They are random:
/// no password with this hash is known.
const DUMMY_HASH: &str = "yp+S5H1xsRvNXeZDJhBgwQ$255oome1I/hRz2BNUeg1ecLgdpn3ZU4uiOXY31N/xl0";

/// Hashes and verifies passwords on the blocking pool, one at a time: a hash takes 12 MiB and tens of
/// milliseconds, and a small function has little memory and CPU time.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    semaphore: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, COST);
        Self { argon2, semaphore: Arc::new(Semaphore::new(1)) }
    }
}

impl Hasher {
    /// Hashes `password`. The result contains the parameters and the salt (PHC string format).
    ///
    /// # Errors
    /// [`HashError`] if hashing fails.
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        let argon2 = self.argon2.clone();
        self.blocking(move || hash(&argon2, &password.0)).await?
    }

    /// Returns true if `stored` is a hash of `password`. Without `stored` it verifies a dummy hash, which
    /// takes as long, and returns false.
    ///
    /// # Errors
    /// [`HashError`] if the stored hash cannot be parsed.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, HashError> {
        let argon2 = self.argon2.clone();
        self.blocking(move || {
            let account_exists = stored.is_some();
            let stored = stored.unwrap_or_else(|| format!("{}${DUMMY_HASH}", current_parameters()));
            let parsed = PasswordHash::new(&stored).map_err(|error| HashError::Argon2(error.to_string()))?;
            let matches = argon2.verify_password(password.0.as_bytes(), &parsed).is_ok();
            Ok(matches && account_exists)
        })
        .await?
    }

    /// Returns true if `stored` was made with another algorithm, version or cost than [`hash`](Self::hash)
    /// uses. It can only be replaced while the user presents the password.
    #[must_use]
    pub fn is_outdated(&self, stored: &str) -> bool {
        parameters(stored) != Some(&current_parameters())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let _permit = self.semaphore.acquire().await.map_err(|_| HashError::Interrupted)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| HashError::Interrupted)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, HashError> {
    let hash =
        argon2.hash_password(password.as_bytes()).map_err(|error| HashError::Argon2(error.to_string()))?;
    Ok(hash.to_string())
}

/// Parameters of new hashes: the text before salt and hash.
fn current_parameters() -> String {
    let (algorithm, version) = (Algorithm::Argon2id, u32::from(Version::V0x13));
    format!("${algorithm}$v={version}$m={},t={},p={}", COST.m_cost(), COST.t_cost(), COST.p_cost())
}

/// Parameters of a hash in PHC string format (algorithm, version, cost): the text before salt and hash.
fn parameters(stored: &str) -> Option<&str> {
    stored.rsplitn(3, '$').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hash_with_other_parameters_verifies_and_is_outdated() {
        let hasher = Hasher::default();
        let password: Password = "correct horse".parse().unwrap();
        let current = hasher.hash(password.clone()).await.unwrap();
        assert!(!hasher.is_outdated(&current));
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x13, hasher.argon2.params().clone());
        for outdated in [cheap, other] {
            let stored = hash(&outdated, "correct horse").unwrap();
            assert!(hasher.is_outdated(&stored), "{stored}");
            assert!(hasher.verify(password.clone(), Some(stored)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn only_the_correct_password_is_accepted() {
        let hasher = Hasher::default();
        let password: Password = "correct horse".parse().unwrap();
        let stored = hasher.hash(password.clone()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{stored}");
        assert!(hasher.verify(password.clone(), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify("correct horsf".parse().unwrap(), Some(stored)).await.unwrap());
        assert!(!hasher.verify("another password".parse().unwrap(), None).await.unwrap());
    }

    #[test]
    fn passwords_are_8_to_128_characters() {
        let check = |text: &str| text.parse::<Password>().err();
        for (text, error) in [
            ("1234567".to_owned(), Some(PasswordError::Length)),
            ("e\u{301}".repeat(7), Some(PasswordError::Length)),
            ("x".repeat(128), None),
            ("𝔭".repeat(128), None),
            ("e\u{301}".repeat(128), None),
            ("x".repeat(129), Some(PasswordError::Length)),
            (format!("e{}", "\u{301}".repeat(600)), Some(PasswordError::Length)),
        ] {
            assert_eq!(check(&text), error, "{text:?}");
        }
    }

    #[test]
    fn password_is_prepared_as_in_rfc_8265() {
        let password = |text: &str| text.parse::<Password>().unwrap().0;
        assert_eq!(password("pa\u{308}ssword"), "pässword");
        // RFC 8265, section 4.3: spaces are kept and mapped, case and width are kept.
        assert_eq!(password("correct horse battery staple"), "correct horse battery staple");
        assert_eq!(password("Correct Horse Battery Staple"), "Correct Horse Battery Staple");
        assert_eq!(password("πßå\u{1680}\u{A0}\u{3000}xy"), "πßå   xy");
        assert_eq!(password(" ａbcdefgh "), " ａbcdefgh ");
    }

    #[test]
    fn control_characters_in_a_password_are_refused() {
        for text in ["my cat is a \tby", "password\n", "pass\0word", "p\u{85}assword", "\u{7F}password"] {
            assert_eq!(text.parse::<Password>().err(), Some(PasswordError::Control), "{text:?}");
        }
    }

    #[tokio::test]
    async fn decomposed_form_is_the_same_password() {
        let (hasher, composed) = (Hasher::default(), "Zürich über alles");
        let stored = hasher.hash(composed.parse().unwrap()).await.unwrap();
        let decomposed: String = composed.nfd().collect();
        assert_ne!(decomposed, composed);
        assert!(hasher.verify(decomposed.parse().unwrap(), Some(stored)).await.unwrap());
    }
}
