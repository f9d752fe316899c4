//! Passwords, hashed with argon2id.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Password of 8 to 128 bytes. It is never logged or stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// The text is shorter than 8 or longer than 128 bytes.
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
    fn passwords_are_8_to_128_bytes() {
        assert!("1234567".parse::<Password>().is_err());
        assert!("x".repeat(128).parse::<Password>().is_ok());
        assert!("x".repeat(129).parse::<Password>().is_err());
    }
}
