//! API errors: a stable code, a user-facing message and the invalid fields. The cause is logged, never
//! returned.

pub mod error_code;
pub mod field_errors;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

pub use error_code::ErrorCode;
pub use field_errors::FieldErrors;

use crate::kit::command::idempotency_lease::LeaseError;
use crate::kit::command::{ExecuteError, StoreError};
use crate::kit::resilience::breaker::CircuitOpen;
use crate::kit::resilience::http_client::CallError;

/// Whole seconds, rounded up, at least 1.
fn whole_seconds(left: Duration) -> u32 {
    left.as_millis().div_ceil(1_000).max(1).try_into().unwrap_or(u32::MAX)
}

/// Error that is returned to the caller.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: ErrorCode,
    message: Cow<'static, str>,
    fields: BTreeMap<String, String>,
    retry_after: Option<u32>,
    permission: Option<&'static str>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// Creates an error with a user-facing message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        let (fields, retry_after, permission, cause) = (BTreeMap::new(), None, None, None);
        Self { code, message: message.into(), fields, retry_after, permission, cause }
    }

    /// Validation error; `fields` maps the path of each invalid field to the rule that it breaks.
    #[must_use]
    pub fn validation(fields: BTreeMap<String, String>) -> Self {
        Self { fields, ..Self::new(ErrorCode::ValidationError, "validation failed") }
    }

    /// Validation error of a single field.
    pub fn field(path: impl Into<String>, rule: impl ToString) -> Self {
        Self::validation(BTreeMap::from([(path.into(), rule.to_string())]))
    }

    /// 404. No resource has this path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "resource not found")
    }

    /// 412. A precondition does not hold.
    #[must_use]
    pub fn version_mismatch() -> Self {
        Self::new(ErrorCode::VersionMismatch, "the resource has changed since it was read; read it again")
    }

    /// Unexpected error (500). The cause is logged and not returned.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..Self::internal_already_logged() }
    }

    /// Unexpected error (500) whose cause is in the log already.
    pub(crate) fn internal_already_logged() -> Self {
        Self::new(ErrorCode::InternalError, "internal error; quote the request id when you report it")
    }

    /// A dependency is temporarily unavailable (503).
    pub fn unavailable(cause: impl Error + Send + Sync + 'static) -> Self {
        let error =
            Self::new(ErrorCode::ServiceUnavailable, "the service is temporarily unavailable; try again");
        Self { retry_after: Some(1), cause: Some(Arc::new(cause)), ..error }
    }

    /// The same request is still in progress, for at most `left`.
    fn in_progress(left: Duration) -> Self {
        Self::new(
            ErrorCode::IdempotencyInProgress,
            "the same request is still in progress; retry it to get its response",
        )
        .retry_after(whole_seconds(left))
    }

    fn key_reused() -> Self {
        Self::new(
            ErrorCode::IdempotencyKeyReused,
            "the idempotency key was already used for a different request",
        )
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Names the permission that the caller lacks.
    #[must_use]
    pub fn with_permission(self, permission: &'static str) -> Self {
        Self { permission: Some(permission), ..self }
    }

    /// Adds a field and the rule that it breaks.
    #[must_use]
    pub fn with_field(mut self, path: impl Into<String>, rule: impl ToString) -> Self {
        self.fields.insert(path.into(), rule.to_string());
        self
    }

    /// Error code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// Cause of the error, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// Renders the error as a problem (RFC 9457) of the request with this id.
    #[must_use]
    pub fn render(&self, request_id: &str) -> Response {
        let (status, code) = (self.code.status(), self.code.as_str());
        let mut error = json!({ "code": code, "message": self.message });
        if !self.fields.is_empty() {
            error["fields"] = json!(self.fields);
        }
        if let Some(permission) = self.permission {
            error["permission"] = json!(permission);
        }
        if let Some(seconds) = self.retry_after {
            error["retryAfter"] = json!(seconds);
        }
        let problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": self.message,
            "instance": request_id,
            "error": error,
        });
        let mut response = (status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ErrorCode::UnsupportedContentEncoding {
            // RFC 9110, section 15.5.16.
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Stores the error in the response's extensions. The middleware knows the request id and renders the body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A failed call to another service becomes a 503 with `Retry-After`.
impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::CircuitOpen(CircuitOpen { retry_after: back_in }) => {
                Self::unavailable(error).retry_after(whole_seconds(back_in))
            }
            CallError::ConnectFailed | CallError::TimedOut | CallError::Disconnected => {
                Self::unavailable(error)
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Throttled | StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::Rejected(_) | StoreError::Malformed(_) => Self::internal(error),
        }
    }
}

impl<E: Into<ApiError>> From<ExecuteError<E>> for ApiError {
    fn from(error: ExecuteError<E>) -> Self {
        match error {
            ExecuteError::Refused(refusal) => refusal.into(),
            ExecuteError::KeyReused => Self::key_reused(),
            ExecuteError::Contention => {
                let error = Self::new(
                    ErrorCode::Conflict,
                    "other requests are changing the same resource; try again",
                );
                Self { retry_after: Some(1), ..error }
            }
            ExecuteError::InProgress => Self::in_progress(Duration::from_secs(1)),
            ExecuteError::Store(error) => error.into(),
        }
    }
}

impl<E: Into<ApiError>> From<LeaseError<E>> for ApiError {
    fn from(error: LeaseError<E>) -> Self {
        match error {
            LeaseError::Refused(error) | LeaseError::Unknown(error) => error.into(),
            LeaseError::InProgress(left) => Self::in_progress(left),
            LeaseError::KeyReused => Self::key_reused(),
            LeaseError::Store(error) => error.into(),
        }
    }
}

impl From<std::convert::Infallible> for ApiError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
