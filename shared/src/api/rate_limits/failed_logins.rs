//! Limits of failed logins: per account and client network, per account, and per client network.
//!
//! The limit per account stops guesses from many networks. It must not lock out the owner: it does not apply to
//! networks from which the account has been used, whose failures the limit per client network counts.

use std::time::Duration;

use crate::domain::session::known_network::{KnownNetwork, NetworkDigest};
use crate::domain::values::email::Email;
use crate::kit::auth::hmac_key::HmacKey;
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::resilience::rate_limit::Quota;
use crate::kit::resilience::rate_limit::attempts::{
    Admission, AtomicCounters, Attempt, AttemptLimiter, Bucket,
};
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::catalogue::LIMITER_REJECTIONS;
use crate::kit::telemetry::metrics;

/// Limits of failed logins, shared by all operations that check a password.
#[derive(Debug, Clone)]
pub struct LoginLimits {
    /// Limit of one account from one client network.
    per_account_and_ip: Quota,
    /// Limit of one account, from its unknown networks together, and of one client network for all accounts.
    per_account_or_ip: Quota,
    /// Key of the digests. The table contains no e-mail addresses without an account, and networks only until
    /// the windows of the limits end.
    key: HmacKey,
}

/// Source of a login.
#[derive(Debug, Clone, Copy)]
pub struct LoginSource<'a> {
    /// Client network, as in [`RequestInfo::client_network`](crate::kit::http::RequestInfo::client_network).
    pub network: &'a str,
    /// Record of the network, if the account has been used from it.
    pub known: Option<KnownNetwork>,
}

impl LoginLimits {
    /// Reads the limits from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let per_account_and_ip = env.parse("AGORA_LOGIN_FAILURES_PER_QUARTER_HOUR")?;
        let per_account_or_ip = env.parse("AGORA_LOGIN_FAILURES_PER_HOUR")?;
        Ok(Self {
            per_account_and_ip: Quota { limit: per_account_and_ip, window: Duration::from_mins(15) },
            per_account_or_ip: Quota { limit: per_account_or_ip, window: Duration::from_hours(1) },
            key: HmacKey::new(&env.secret("AGORA_CURSOR_KEY")?),
        })
    }

    /// Digest under which a known network is stored.
    #[must_use]
    pub fn digest(&self, network: &str) -> NetworkDigest {
        NetworkDigest(self.key.mac("known-network", &[network.as_bytes()]))
    }

    /// Counts an attempt before the password is verified. Over a limit, even the right password is refused.
    ///
    /// # Errors
    /// 429 over a limit, and 503 if the counters cannot be reached.
    pub async fn admit(
        &self,
        counters: impl AtomicCounters,
        email: &Email,
        source: LoginSource<'_>,
        now: Timestamp,
    ) -> Result<Attempt, ApiError> {
        match AttemptLimiter::new(counters).admit(&self.buckets(email, source, now), now).await? {
            Admission::Admitted(attempt) => Ok(attempt),
            Admission::TooMany(delay) => {
                metrics::count(&LIMITER_REJECTIONS, ["logins"]);
                let seconds = delay.as_millis().div_ceil(1_000).try_into().unwrap_or(u32::MAX);
                let error = ApiError::new(
                    ErrorCode::TooManyAttempts,
                    "too many failed logins; retry after the time in Retry-After",
                );
                Err(error.retry_after(seconds))
            }
        }
    }

    /// Buckets of an attempt. An attempt from a known network is not counted in the bucket of the account, but
    /// in that of the network like any other.
    fn buckets(&self, email: &Email, source: LoginSource<'_>, now: Timestamp) -> Vec<Bucket> {
        let account = self.key.mac("login", &[email.as_str().as_bytes()]);
        let network = source.network;
        let is_known = source.known.is_some_and(|known| known.is_live(now));
        let bucket = |name: String, quota| Bucket { name, quota };
        let of_account = bucket(format!("login#account#{account}"), self.per_account_or_ip);
        let of_network = [
            bucket(format!("login#both#{account}#{network}"), self.per_account_and_ip),
            bucket(format!("login#address#{network}"), self.per_account_or_ip),
        ];
        of_network.into_iter().chain((!is_known).then_some(of_account)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn names(known: Option<KnownNetwork>) -> Vec<String> {
        let quota = |limit| Quota { limit, window: Duration::from_hours(1) };
        let key = HmacKey::new(&[7; 32]);
        let limits = LoginLimits { per_account_and_ip: quota(1), per_account_or_ip: quota(2), key };
        let source = LoginSource { network: "192.0.2.1", known };
        let buckets = limits.buckets(&"ada@example.com".parse().unwrap(), source, now());
        buckets.into_iter().map(|bucket| bucket.name).collect()
    }

    #[test]
    fn known_network_is_counted_by_network_but_not_by_account() {
        let [unknown, expired] = [None, Some(KnownNetwork { expires_at: now() })].map(names);
        assert_eq!(unknown, expired);
        assert!(unknown[2].starts_with("login#account#") && !unknown[2].contains("192.0.2.1"));
        let known = names(Some(KnownNetwork { expires_at: now().saturating_add(Duration::from_millis(1)) }));
        assert_eq!(known, unknown[..2]);
        assert_eq!(known[1], "login#address#192.0.2.1");
        assert!(unknown.iter().all(|name| !name.contains("ada@")));
    }
}
