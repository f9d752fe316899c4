//! Errors as callers see them: a stable code, public words, the fields concerned. What caused them stays inside.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::command::{ExecuteError, StoreError};
use crate::lease::LeaseError;

/// What went wrong, in a word that never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The body is not JSON.
    MalformedJson,
    /// The body is not UTF-8.
    InvalidEncoding,
    /// Fields break rules.
    ValidationError,
    /// The cursor was not made by this list for this caller.
    InvalidCursor,
    /// The route demands an idempotency key.
    IdempotencyKeyRequired,
    /// The idempotency key breaks its rule.
    IdempotencyKeyInvalid,
    /// The webhook was signed too long ago.
    StaleWebhook,
    /// No credentials, or more than one.
    Unauthenticated,
    /// The token is not one of ours, or not for this.
    InvalidToken,
    /// The token has expired.
    TokenExpired,
    /// The session behind the token has ended.
    TokenRevoked,
    /// E-mail address and password do not belong together.
    InvalidCredentials,
    /// A spent refresh token was used again.
    RefreshReused,
    /// The webhook was not signed by the gateway.
    InvalidSignature,
    /// The caller may not.
    Forbidden,
    /// There is nothing here for this caller.
    NotFound,
    /// The resource does not know this method.
    MethodNotAllowed,
    /// Nothing the caller accepts can be answered.
    NotAcceptable,
    /// It contradicts what is there.
    Conflict,
    /// The address belongs to an account.
    EmailTaken,
    /// There are too few pieces.
    InsufficientStock,
    /// The state of the thing does not allow it.
    InvalidState,
    /// The price is another one by now.
    PriceChanged,
    /// The same request is being worked on.
    IdempotencyInProgress,
    /// The resource has changed since it was read.
    VersionMismatch,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is not JSON by its own words.
    UnsupportedMediaType,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The request must say which version it is about.
    PreconditionRequired,
    /// Too many requests.
    RateLimited,
    /// Too many failed logins.
    TooManyAttempts,
    /// Something unexpected.
    InternalError,
    /// Something is not reachable for the moment.
    ServiceUnavailable,
}

impl Code {
    /// The status and the code's name.
    #[must_use]
    pub const fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "MALFORMED_JSON"),
            Self::InvalidEncoding => (StatusCode::BAD_REQUEST, "INVALID_ENCODING"),
            Self::ValidationError => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
            Self::InvalidCursor => (StatusCode::BAD_REQUEST, "INVALID_CURSOR"),
            Self::IdempotencyKeyRequired => (StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_REQUIRED"),
            Self::IdempotencyKeyInvalid => (StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_INVALID"),
            Self::StaleWebhook => (StatusCode::BAD_REQUEST, "STALE_WEBHOOK"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Self::TokenExpired => (StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED"),
            Self::TokenRevoked => (StatusCode::UNAUTHORIZED, "TOKEN_REVOKED"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS"),
            Self::RefreshReused => (StatusCode::UNAUTHORIZED, "REFRESH_REUSED"),
            Self::InvalidSignature => (StatusCode::UNAUTHORIZED, "INVALID_SIGNATURE"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE"),
            Self::Conflict => (StatusCode::CONFLICT, "CONFLICT"),
            Self::EmailTaken => (StatusCode::CONFLICT, "EMAIL_TAKEN"),
            Self::InsufficientStock => (StatusCode::CONFLICT, "INSUFFICIENT_STOCK"),
            Self::InvalidState => (StatusCode::CONFLICT, "INVALID_STATE"),
            Self::PriceChanged => (StatusCode::CONFLICT, "PRICE_CHANGED"),
            Self::IdempotencyInProgress => (StatusCode::CONFLICT, "IDEMPOTENCY_IN_PROGRESS"),
            Self::VersionMismatch => (StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED"),
            Self::PreconditionRequired => (StatusCode::PRECONDITION_REQUIRED, "PRECONDITION_REQUIRED"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_ATTEMPTS"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
            Self::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
        }
    }

    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.parts().0
    }

    /// The code as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.parts().1
    }
}

/// An error on its way to the caller.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: Code,
    message: Cow<'static, str>,
    fields: BTreeMap<String, String>,
    retry_after: Option<u32>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// An error with these public words.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), fields: BTreeMap::new(), retry_after: None, cause: None }
    }

    /// Fields that break rules: by path, the rule each breaks.
    #[must_use]
    pub fn validation(fields: BTreeMap<String, String>) -> Self {
        Self { fields, ..Self::new(Code::ValidationError, "some fields are not acceptable") }
    }

    /// One field that breaks a rule.
    pub fn field(path: impl Into<String>, rule: impl ToString) -> Self {
        Self::validation(BTreeMap::from([(path.into(), rule.to_string())]))
    }

    /// Nothing here for this caller: absent, or none of their business, which they cannot tell apart.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is no such resource")
    }

    /// Something unexpected: the caller learns nothing of it, the log everything.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        let error =
            Self::new(Code::InternalError, "something went wrong; quote the request id when you report it");
        Self { cause: Some(Arc::new(cause)), ..error }
    }

    /// Something is not reachable for the moment.
    pub fn unavailable(cause: impl Error + Send + Sync + 'static) -> Self {
        let error =
            Self::new(Code::ServiceUnavailable, "the service is not available for the moment; try again");
        Self { retry_after: Some(1), cause: Some(Arc::new(cause)), ..error }
    }

    /// The same request is being worked on, and may be so for this long yet.
    fn in_progress(left: Duration) -> Self {
        let seconds = left.as_millis().div_ceil(1_000).max(1).try_into().unwrap_or(u32::MAX);
        Self::new(
            Code::IdempotencyInProgress,
            "the same request is being worked on; ask again for its answer",
        )
        .retry_after(seconds)
    }

    fn key_reused() -> Self {
        Self::new(Code::IdempotencyKeyReused, "this idempotency key was used for another request")
    }

    /// Also tells the caller when to try again, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Also tells the caller of a field.
    #[must_use]
    pub fn with_field(mut self, path: impl Into<String>, says: impl ToString) -> Self {
        self.fields.insert(path.into(), says.to_string());
        self
    }

    /// What went wrong.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What is behind it, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The answer, as a problem of RFC 9457, for the request with this id.
    #[must_use]
    pub fn render(&self, request_id: &str) -> Response {
        let (status, code) = self.code.parts();
        let mut error = json!({ "code": code, "message": self.message });
        if !self.fields.is_empty() {
            error["fields"] = json!(self.fields);
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
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The error itself travels to the edge, which knows the request's id and writes the body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
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
                let error = Self::new(Code::Conflict, "others are changing the same thing; try again");
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
