//! Passwords, hashed with argon2id.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// A password of 8 to 128 bytes. Never logged, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Text that is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 8 to 128 bytes long")]
pub struct PasswordError;

impl FromStr for Password {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        if (8..=128).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(PasswordError) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Something that cannot happen with our own parameters and hashes, or a thread that died.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The algorithm refused.
    #[error("the password could not be hashed: {0}")]
    Argon2(String),
    /// The thread that hashed did not come back.
    #[error("hashing was interrupted")]
    Interrupted,
}

/// OWASP's parameters for argon2id: of those that it takes for equally strong, the ones that a small function has the memory
/// for, 12 MiB, three passes and one lane ("Password Storage Cheat Sheet").
const COST: Params = match Params::new(12 * 1024, 3, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("argon2 refuses its parameters"),
};
/// Salt and hash of what is checked when there is no account. They were drawn by lot: no password is known that has them.
const DUMMY_HASH: &str = "yp+S5H1xsRvNXeZDJhBgwQ$255oome1I/hRz2BNUeg1ecLgdpn3ZU4uiOXY31N/xl0";

/// Hashes and checks passwords, on the blocking pool and one at a time: a hash takes 12 MiB and tens of
/// milliseconds, of which a small function has few.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    admitted: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, COST);
        Self { argon2, admitted: Arc::new(Semaphore::new(1)) }
    }
}

impl Hasher {
    /// The hash of `password`, with its parameters and salt (PHC string format).
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        let argon2 = self.argon2.clone();
        self.blocking(move || hash(&argon2, &password.0)).await?
    }

    /// Whether `password` is the one that `stored` was made of. Without `stored` it is not, and takes as long.
    ///
    /// # Errors
    /// [`HashError`] if the stored hash does not read.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, HashError> {
        let argon2 = self.argon2.clone();
        self.blocking(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| format!("{}${DUMMY_HASH}", current_parameters()));
            let parsed = PasswordHash::new(&stored).map_err(|error| HashError::Argon2(error.to_string()))?;
            let matches = argon2.verify_password(password.0.as_bytes(), &parsed).is_ok();
            Ok(matches && known)
        })
        .await?
    }

    /// Whether `stored` was made otherwise than [`hash`](Self::hash) does today: with another algorithm, version or
    /// cost. Who presents the password is the one chance to store a better hash.
    #[must_use]
    pub fn is_outdated(&self, stored: &str) -> bool {
        parameters(stored) != Some(&current_parameters())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let _place = self.admitted.acquire().await.map_err(|_| HashError::Interrupted)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| HashError::Interrupted)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, HashError> {
    let hash =
        argon2.hash_password(password.as_bytes()).map_err(|error| HashError::Argon2(error.to_string()))?;
    Ok(hash.to_string())
}

/// What comes before salt and hash in what [`Hasher::hash`] makes.
fn current_parameters() -> String {
    let (algorithm, version) = (Algorithm::Argon2id, u32::from(Version::V0x13));
    format!("${algorithm}$v={version}$m={},t={},p={}", COST.m_cost(), COST.t_cost(), COST.p_cost())
}

/// What comes before salt and hash in PHC string format: algorithm, version, cost.
fn parameters(stored: &str) -> Option<&str> {
    stored.rsplitn(3, '$').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_checked_by_its_own_and_outdated() {
        let hasher = Hasher::default();
        let password: Password = "correct horse".parse().unwrap();
        let today = hasher.hash(password.clone()).await.unwrap();
        assert!(!hasher.is_outdated(&today));
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x13, hasher.argon2.params().clone());
        for outdated in [cheap, other] {
            let stored = hash(&outdated, "correct horse").unwrap();
            assert!(hasher.is_outdated(&stored), "{stored}");
            assert!(hasher.verify(password.clone(), Some(stored)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn only_the_password_itself_is_accepted() {
        let hasher = Hasher::default();
        let password: Password = "correct horse".parse().unwrap();
        let stored = hasher.hash(password.clone()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{stored}");
        assert!(hasher.verify(password.clone(), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify("correct horsf".parse().unwrap(), Some(stored)).await.unwrap());
        assert!(!hasher.verify("nobody's password".parse().unwrap(), None).await.unwrap());
    }

    #[test]
    fn passwords_are_8_to_128_bytes() {
        assert!("1234567".parse::<Password>().is_err());
        assert!("x".repeat(128).parse::<Password>().is_ok());
        assert!("x".repeat(129).parse::<Password>().is_err());
    }
}
