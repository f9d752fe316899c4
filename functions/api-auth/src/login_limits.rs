//! How many logins may fail: for an account from one address, for an account, from an address.

use shared::domain::values::email::Email;
use shared::kit::auth::hmac_key::Seal;
use shared::kit::error::{ApiError, Code};
use shared::kit::resilience::rate_limit::Quota;
use shared::kit::resilience::rate_limit::attempts::{
    Admission, Attempt, AttemptLimiter, Bucket, JointCounters,
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
    narrow: Quota,
    /// For one account, and from one address.
    wide: Quota,
}

impl LoginLimits {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let narrow = env.parse("AGORA_LOGIN_FAILURES_PER_QUARTER_HOUR")?;
        let wide = env.parse("AGORA_LOGIN_FAILURES_PER_HOUR")?;
        Ok(Self {
            narrow: Quota { limit: narrow, window: Duration::from_mins(15) },
            wide: Quota { limit: wide, window: Duration::from_hours(1) },
        })
    }

    /// Counts an attempt, before anything is looked at: too many are refused, even with the right password.
    pub(crate) async fn admit(
        &self,
        counters: impl JointCounters,
        seal: &Seal,
        (email, source_ip): (&Email, &str),
        now: Timestamp,
    ) -> Result<Attempt, ApiError> {
        // The table keeps no addresses of people who only try.
        let account = seal.digest("login", &[email.as_str().as_bytes()]);
        let bucket = |name: String, quota| Bucket { name, quota };
        let buckets = [
            bucket(format!("login#both#{account}#{source_ip}"), self.narrow),
            bucket(format!("login#account#{account}"), self.wide),
            bucket(format!("login#address#{source_ip}"), self.wide),
        ];
        match AttemptLimiter::new(counters).admit(&buckets, now).await? {
            Admission::Admitted(attempt) => Ok(attempt),
            Admission::TooMany(wait) => {
                metrics::count(&LIMITER_REJECTIONS, ["logins"]);
                let seconds = wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u32::MAX);
                let error =
                    ApiError::new(Code::TooManyAttempts, "too many logins failed; wait before the next");
                Err(error.retry_after(seconds))
            }
        }
    }
}
