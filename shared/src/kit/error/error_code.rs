//! Error codes of the API.

use http::StatusCode;

/// Declares the codes: meaning, variant, HTTP status and text.
macro_rules! codes {
    ($(#[doc = $meaning:literal] $code:ident = $status:ident $text:literal,)+) => {
        /// Machine-readable error code. Its meaning never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {$(
            #[doc = $meaning]
            $code,
        )+}

        impl ErrorCode {
            /// HTTP status of the response.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)+
                }
            }

            /// Text of the code in responses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                }
            }

            /// Meaning of the code, for API clients.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => $meaning.trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// The request body is not valid JSON, or repeats a key.
    MalformedJson = BAD_REQUEST "MALFORMED_JSON",
    /// The request body is not valid UTF-8.
    InvalidEncoding = BAD_REQUEST "INVALID_ENCODING",
    /// Some fields or parameters are invalid; `error.fields` maps each of them to the rule that it breaks.
    ValidationError = BAD_REQUEST "VALIDATION_ERROR",
    /// The cursor was not issued for this list and this caller.
    InvalidCursor = BAD_REQUEST "INVALID_CURSOR",
    /// The `Idempotency-Key` header is missing.
    IdempotencyKeyRequired = BAD_REQUEST "IDEMPOTENCY_KEY_REQUIRED",
    /// The `Idempotency-Key` header is not a single value of 1 to 255 visible ASCII characters without commas.
    IdempotencyKeyInvalid = BAD_REQUEST "IDEMPOTENCY_KEY_INVALID",
    /// The time of the webhook signature is too far in the past or future.
    StaleWebhook = BAD_REQUEST "STALE_WEBHOOK",
    /// The `Authorization` header does not contain exactly one bearer token.
    Unauthenticated = UNAUTHORIZED "UNAUTHENTICATED",
    /// The token is malformed, has a bad signature, or was issued for another purpose.
    InvalidToken = UNAUTHORIZED "INVALID_TOKEN",
    /// The token has expired.
    TokenExpired = UNAUTHORIZED "TOKEN_EXPIRED",
    /// The session of the token has ended, or its account is suspended or deleted.
    TokenRevoked = UNAUTHORIZED "TOKEN_REVOKED",
    /// Unknown e-mail address or wrong password.
    InvalidCredentials = UNAUTHORIZED "INVALID_CREDENTIALS",
    /// The refresh token was already used; its session has ended.
    RefreshReused = UNAUTHORIZED "REFRESH_REUSED",
    /// The signature of the webhook is missing or invalid.
    InvalidSignature = UNAUTHORIZED "INVALID_SIGNATURE",
    /// The caller may not perform this operation; `error.permission` names the permission it needs, if any.
    Forbidden = FORBIDDEN "FORBIDDEN",
    /// The resource does not exist or is not visible to the caller.
    NotFound = NOT_FOUND "NOT_FOUND",
    /// The resource does not support this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED "METHOD_NOT_ALLOWED",
    /// No representation matches the `Accept` header.
    NotAcceptable = NOT_ACCEPTABLE "NOT_ACCEPTABLE",
    /// The request conflicts with existing data or with a concurrent request.
    Conflict = CONFLICT "CONFLICT",
    /// The e-mail address already belongs to an account.
    EmailTaken = CONFLICT "EMAIL_TAKEN",
    /// Not enough units are in stock.
    InsufficientStock = CONFLICT "INSUFFICIENT_STOCK",
    /// The current state of the resource does not allow this operation.
    InvalidState = CONFLICT "INVALID_STATE",
    /// A price or the total differs from the one that the request expects; `error.fields` has the current one.
    PriceChanged = CONFLICT "PRICE_CHANGED",
    /// The same request is still in progress.
    IdempotencyInProgress = CONFLICT "IDEMPOTENCY_IN_PROGRESS",
    /// `If-Match` does not match the current version of the resource.
    VersionMismatch = PRECONDITION_FAILED "VERSION_MISMATCH",
    /// The request body is larger than 256 KiB.
    PayloadTooLarge = PAYLOAD_TOO_LARGE "PAYLOAD_TOO_LARGE",
    /// The `Content-Type` is not `application/json` or `application/merge-patch+json` in UTF-8.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "UNSUPPORTED_MEDIA_TYPE",
    /// The request body has a `Content-Encoding` other than `identity`.
    UnsupportedContentEncoding = UNSUPPORTED_MEDIA_TYPE "UNSUPPORTED_CONTENT_ENCODING",
    /// The idempotency key was already used for a different request.
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY "IDEMPOTENCY_KEY_REUSED",
    /// The market has no shipping option for the country.
    NotDeliverable = UNPROCESSABLE_ENTITY "NOT_DELIVERABLE",
    /// The `If-Match` header is missing.
    PreconditionRequired = PRECONDITION_REQUIRED "PRECONDITION_REQUIRED",
    /// The caller has exceeded a rate limit; retry after the time in `Retry-After`.
    RateLimited = TOO_MANY_REQUESTS "RATE_LIMITED",
    /// Too many logins have failed; retry after the time in `Retry-After`.
    TooManyAttempts = TOO_MANY_REQUESTS "TOO_MANY_ATTEMPTS",
    /// An unexpected error occurred; quote the request id when you report it.
    InternalError = INTERNAL_SERVER_ERROR "INTERNAL_ERROR",
    /// The service is temporarily unavailable; retry after the time in `Retry-After`.
    ServiceUnavailable = SERVICE_UNAVAILABLE "SERVICE_UNAVAILABLE",
}
