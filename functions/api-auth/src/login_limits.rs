//! How many logins may fail: for an account from one address, for an account, from an address.

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

/// The limits on failed logins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoginLimits {
    /// For one account from one address.
    per_account_and_ip: Quota,
    /// For one account, and from one address.
    per_account_or_ip: Quota,
}

impl LoginLimits {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let narrow = env.parse("AGORA_LOGIN_FAILURES_PER_QUARTER_HOUR")?;
        let wide = env.parse("AGORA_LOGIN_FAILURES_PER_HOUR")?;
        Ok(Self {
            per_account_and_ip: Quota { limit: narrow, window: Duration::from_mins(15) },
            per_account_or_ip: Quota { limit: wide, window: Duration::from_hours(1) },
        })
    }

    /// Counts an attempt, before anything is looked at: too many are refused, even with the right password.
    pub(crate) async fn admit(
        &self,
        counters: impl AtomicCounters,
        seal: &HmacKey,
        (email, source_ip): (&Email, &str),
        now: Timestamp,
    ) -> Result<Attempt, ApiError> {
        // The table keeps no addresses of people who only try.
        let account = seal.mac("login", &[email.as_str().as_bytes()]);
        let bucket = |name: String, quota| Bucket { name, quota };
        let buckets = [
            bucket(format!("login#both#{account}#{source_ip}"), self.per_account_and_ip),
            bucket(format!("login#account#{account}"), self.per_account_or_ip),
            bucket(format!("login#address#{source_ip}"), self.per_account_or_ip),
        ];
        match AttemptLimiter::new(counters).admit(&buckets, now).await? {
            Admission::Admitted(attempt) => Ok(attempt),
            Admission::TooMany(wait) => {
                metrics::count(&LIMITER_REJECTIONS, ["logins"]);
                let seconds = wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u32::MAX);
                let error =
                    ApiError::new(ErrorCode::TooManyAttempts, "too many logins failed; wait before the next");
                Err(error.retry_after(seconds))
            }
        }
    }
}
