//! Rate limits of the API per caller: one quota each for reads, writes and orders.

pub mod failed_logins;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::caller::MaybeAuthenticated;
use crate::api::state::ApiState;
use crate::kit::aws::dynamodb::Table;
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::http::RequestInfo;
use crate::kit::http::openapi::ApiRouter;
use crate::kit::resilience::rate_limit::{LocalCounters, Quota, RateLimitDecision, RateLimiter};
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::catalogue::LIMITER_REJECTIONS;
use crate::kit::telemetry::metrics;

/// Group of requests that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Reads,
    Writes,
    Orders,
}

impl Group {
    fn of(method: &Method, route: &str) -> Self {
        match (method.is_safe(), route) {
            // A quote writes nothing.
            (true, _) | (false, "/v1/quotes") => Self::Reads,
            (false, "/v1/orders") => Self::Orders,
            (false, _) => Self::Writes,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Orders => "orders",
        }
    }
}

/// Rate limits of the API.
#[derive(Debug, Clone)]
pub struct RateLimits {
    reads: Quota,
    writes: Quota,
    orders: Quota,
    limiter: RateLimiter<Table>,
    /// Limiter that is used when the shared counters cannot be reached.
    local: RateLimiter<LocalCounters>,
}

impl RateLimits {
    /// Limits of the environment, counted in `table`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, table: Table) -> Result<Self, ConfigError> {
        let quota = |limit, seconds| {
            let window = Duration::from_secs(env.parse::<NonZeroU32>(seconds)?.get().into());
            Ok(Quota { limit: env.parse(limit)?, window })
        };
        Ok(Self {
            reads: quota("AGORA_READ_LIMIT", "AGORA_READ_LIMIT_SECONDS")?,
            writes: quota("AGORA_WRITE_LIMIT", "AGORA_WRITE_LIMIT_SECONDS")?,
            orders: quota("AGORA_ORDER_LIMIT", "AGORA_ORDER_LIMIT_SECONDS")?,
            limiter: RateLimiter::new(table),
            local: RateLimiter::new(LocalCounters::default()),
        })
    }

    /// Adds the limits to `router`. `state` identifies the callers.
    pub fn layer<S: ApiState>(self, state: S, router: ApiRouter) -> ApiRouter {
        let limits = middleware::from_fn_with_state((Arc::new(self), state), limit::<S>);
        router.map_router(|router| router.layer(limits))
    }

    const fn quota(&self, group: Group) -> Quota {
        match group {
            Group::Reads => self.reads,
            Group::Writes => self.writes,
            Group::Orders => self.orders,
        }
    }

    /// Takes a permit. If the shared counters cannot be reached, reads are limited by this instance alone;
    /// writes and orders are rejected.
    async fn acquire(
        &self,
        group: Group,
        caller: &str,
        now: Timestamp,
    ) -> Result<RateLimitDecision, ApiError> {
        let (bucket, quota) = (format!("{}#{caller}", group.name()), self.quota(group));
        match self.limiter.acquire(&bucket, quota, now).await {
            Ok(decision) => Ok(decision),
            Err(error) if group == Group::Reads => {
                tracing::warn!(%error, "rate-limit counters unavailable; using the counts of this instance");
                Ok(self.local.acquire(&bucket, quota, now).await?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Middleware: takes one permit, responds with 429 if none is left, and sets the rate-limit headers.
async fn limit<S: ApiState>(
    State((limits, state)): State<(Arc<RateLimits>, S)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let group =
        Group::of(&parts.method, parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str));
    let info = RequestInfo::from_request_parts(&mut parts, &state).await?;
    // The user of a valid token, or else the client network reported by API Gateway.
    let caller = match MaybeAuthenticated::from_request_parts(&mut parts, &state).await {
        Ok(MaybeAuthenticated(Some(actor))) => actor.user.to_string(),
        _ => info.client_network(),
    };
    let decision = limits.acquire(group, &caller, info.received_at).await?;
    let mut response = if decision.allowed {
        next.run(Request::from_parts(parts, body)).await
    } else {
        metrics::count(&LIMITER_REJECTIONS, [group.name()]);
        let refusal =
            ApiError::new(ErrorCode::RateLimited, "too many requests; retry after the time in retryAfter");
        refusal.retry_after(u32::try_from(seconds_until_reset(decision)).unwrap_or(u32::MAX)).into_response()
    };
    insert_headers(response.headers_mut(), group, limits.quota(group), decision);
    Ok(response)
}

/// Seconds until the oldest counted requests leave the window, rounded up.
fn seconds_until_reset(decision: RateLimitDecision) -> u64 {
    decision.reset.as_secs() + u64::from(decision.reset.subsec_nanos() > 0)
}

/// Adds the `x-ratelimit-*` headers and those of the IETF draft (`draft-ietf-httpapi-ratelimit-headers`).
fn insert_headers(headers: &mut HeaderMap, group: Group, quota: Quota, decision: RateLimitDecision) {
    let reset = seconds_until_reset(decision);
    let name = group.name();
    let numbers = [
        ("x-ratelimit-limit", decision.limit.into()),
        ("x-ratelimit-remaining", decision.remaining.into()),
        ("x-ratelimit-reset", reset.into()),
    ];
    for (name, number) in numbers {
        headers.insert(HeaderName::from_static(name), number);
    }
    let texts = [
        ("ratelimit", format!("\"{name}\";r={};t={reset}", decision.remaining)),
        ("ratelimit-policy", format!("\"{name}\";q={};w={}", quota.limit, quota.window.as_secs())),
    ];
    for (name, value) in texts {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
