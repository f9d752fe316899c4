//! Limits of failed logins: per account and client network, per account, and per client network.

use shared::domain::values::email::Email;
use shared::kit::auth::hmac_key::HmacKey;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::resilience::rate_limit::Quota;
use shared::kit::resilience::rate_limit::attempts::{
    Admission, AtomicCounters, Attempt, AttemptLimiter, Bucket,
};
use shared::kit::system::clock::Timestamp;
use shared::kit::system::config::{ConfigError, Environment};
use shared::kit::telemetry::catalogue::LIMITER_REJECTIONS;
use shared::kit::telemetry::metrics;
use std::time::Duration;

/// Limits of failed logins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoginLimits {
    /// Limit of one account from one client network.
    per_account_and_ip: Quota,
    /// Limit of one account from all networks, and of one client network for all accounts.
    per_account_or_ip: Quota,
}

impl LoginLimits {
    /// Reads the limits from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let per_account_and_ip = env.parse("AGORA_LOGIN_FAILURES_PER_QUARTER_HOUR")?;
        let per_account_or_ip = env.parse("AGORA_LOGIN_FAILURES_PER_HOUR")?;
        Ok(Self {
            per_account_and_ip: Quota { limit: per_account_and_ip, window: Duration::from_mins(15) },
            per_account_or_ip: Quota { limit: per_account_or_ip, window: Duration::from_hours(1) },
        })
    }

    /// Counts an attempt before the credentials are checked. Over the limit, even the right password is
    /// refused.
    pub(crate) async fn admit(
        &self,
        counters: impl AtomicCounters,
        mac_key: &HmacKey,
        email: &Email,
        network: &str,
        now: Timestamp,
    ) -> Result<Attempt, ApiError> {
        // A digest, so that the table does not store e-mail addresses without an account.
        let account = mac_key.mac("login", &[email.as_str().as_bytes()]);
        let bucket = |name: String, quota| Bucket { name, quota };
        let buckets = [
            bucket(format!("login#both#{account}#{network}"), self.per_account_and_ip),
            bucket(format!("login#account#{account}"), self.per_account_or_ip),
            bucket(format!("login#address#{network}"), self.per_account_or_ip),
        ];
        match AttemptLimiter::new(counters).admit(&buckets, now).await? {
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
}
