//! Rate limits of the API: how many requests of which kind a caller may send.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::caller::MaybeAuthenticated;
use crate::api::state::ApiState;
use crate::kit::aws::dynamodb::Table;
use crate::kit::command::StoreError;
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::http::RequestInfo;
use crate::kit::resilience::rate_limit::{Counters, Quota, RateLimitDecision, RateLimiter};
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::catalogue::LIMITER_REJECTIONS;
use crate::kit::telemetry::metrics;

/// Kinds of requests that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Reads,
    Writes,
    Orders,
}

impl Group {
    fn of(method: &Method, route: &str) -> Self {
        match (method.is_safe(), route) {
            (true, _) => Self::Reads,
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

/// The limits of the API.
#[derive(Debug, Clone)]
pub struct RateLimits {
    reads: Quota,
    writes: Quota,
    orders: Quota,
    limiter: RateLimiter<Table>,
    /// What counts when the shared counts cannot be reached.
    alone: RateLimiter<LocalCounters>,
}

impl RateLimits {
    /// Limits that are counted in `table`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, table: Table) -> Result<Self, ConfigError> {
        let quota = |name| env.parse(name).map(Quota::per_minute);
        Ok(Self {
            reads: quota("AGORA_READS_PER_MINUTE")?,
            writes: quota("AGORA_WRITES_PER_MINUTE")?,
            orders: quota("AGORA_ORDERS_PER_MINUTE")?,
            limiter: RateLimiter::new(table),
            alone: RateLimiter::new(LocalCounters),
        })
    }

    /// Puts the limits around `router`, whose callers `state` knows.
    pub fn layer<S: ApiState>(self, state: S, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state((Arc::new(self), state), limit::<S>))
    }

    const fn quota(&self, group: Group) -> Quota {
        match group {
            Group::Reads => self.reads,
            Group::Writes => self.writes,
            Group::Orders => self.orders,
        }
    }

    /// Without the shared counts, reads go on under a limit of this instance alone; nothing is written that could not be
    /// counted.
    async fn acquire(
        &self,
        group: Group,
        caller: &str,
        now: Timestamp,
    ) -> Result<RateLimitDecision, ApiError> {
        let (bucket, quota) = (format!("{}#{caller}", group.name()), self.quota(group));
        match self.limiter.acquire(&bucket, quota, now).await {
            Ok(verdict) => Ok(verdict),
            Err(error) if group == Group::Reads => {
                tracing::warn!(%error, "requests are limited by this instance alone");
                Ok(self.alone.acquire(&bucket, quota, now).await?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Grants whatever is asked: the limiter's own lease is then the only count.
#[derive(Debug, Clone, Copy)]
struct LocalCounters;

impl Counters for LocalCounters {
    async fn increment(&self, _: &str, by: u32, limit: u32, _: Timestamp) -> Result<Option<u32>, StoreError> {
        Ok(Some(by.min(limit)))
    }
}

/// Counts the request, refuses it if it is one too many, and tells the caller in any case how many are left.
async fn limit<S: ApiState>(
    State((limits, state)): State<(Arc<RateLimits>, S)>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let group =
        Group::of(&parts.method, parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str));
    let facts = RequestInfo::from_request_parts(&mut parts, &state).await?;
    // The user behind a valid token; otherwise the address that the gateway saw.
    let caller = match MaybeAuthenticated::from_request_parts(&mut parts, &state).await {
        Ok(MaybeAuthenticated(Some(actor))) => actor.user.to_string(),
        _ => facts.source_ip,
    };
    let verdict = limits.acquire(group, &caller, facts.received_at).await?;
    let mut response = if verdict.allowed {
        next.run(Request::from_parts(parts, body)).await
    } else {
        metrics::count(&LIMITER_REJECTIONS, [group.name()]);
        let refusal =
            ApiError::new(ErrorCode::RateLimited, "too many requests; wait until the limit is reset");
        refusal.retry_after(u32::try_from(seconds(verdict)).unwrap_or(u32::MAX)).into_response()
    };
    insert_headers(response.headers_mut(), group, limits.quota(group), verdict);
    Ok(response)
}

/// Whole seconds until the window ends, and not before.
fn seconds(verdict: RateLimitDecision) -> u64 {
    verdict.reset.as_secs() + u64::from(verdict.reset.subsec_nanos() > 0)
}

/// Both families of headers: the customary one, and the draft of the IETF (`draft-ietf-httpapi-ratelimit-headers`).
fn insert_headers(headers: &mut HeaderMap, group: Group, quota: Quota, verdict: RateLimitDecision) {
    let reset = seconds(verdict);
    let name = group.name();
    let numbers = [
        ("x-ratelimit-limit", verdict.limit.into()),
        ("x-ratelimit-remaining", verdict.remaining.into()),
        ("x-ratelimit-reset", reset.into()),
    ];
    for (name, number) in numbers {
        headers.insert(HeaderName::from_static(name), number);
    }
    let texts = [
        ("ratelimit", format!("\"{name}\";r={};t={reset}", verdict.remaining)),
        ("ratelimit-policy", format!("\"{name}\";q={};w={}", quota.limit, quota.window.as_secs())),
    ];
    for (name, value) in texts {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
