//! The words that errors are known by.

use http::StatusCode;

/// Declares the codes: what each means, the status it is answered with, the word itself.
macro_rules! codes {
    ($(#[doc = $meaning:literal] $code:ident = $status:ident $word:literal,)+) => {
        /// What went wrong, in a word that never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {$(
            #[doc = $meaning]
            $code,
        )+}

        impl ErrorCode {
            /// The status that it is answered with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)+
                }
            }

            /// The code as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                }
            }

            /// What it means, in a sentence for those who call the API.
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
    /// The body is not JSON.
    MalformedJson = BAD_REQUEST "MALFORMED_JSON",
    /// The body is not UTF-8.
    InvalidEncoding = BAD_REQUEST "INVALID_ENCODING",
    /// Fields break rules.
    ValidationError = BAD_REQUEST "VALIDATION_ERROR",
    /// The cursor was not made by this list for this caller.
    InvalidCursor = BAD_REQUEST "INVALID_CURSOR",
    /// The route demands an idempotency key.
    IdempotencyKeyRequired = BAD_REQUEST "IDEMPOTENCY_KEY_REQUIRED",
    /// The idempotency key breaks its rule.
    IdempotencyKeyInvalid = BAD_REQUEST "IDEMPOTENCY_KEY_INVALID",
    /// The webhook was signed too long ago.
    StaleWebhook = BAD_REQUEST "STALE_WEBHOOK",
    /// No credentials, or more than one.
    Unauthenticated = UNAUTHORIZED "UNAUTHENTICATED",
    /// The token is not one of ours, or not for this.
    InvalidToken = UNAUTHORIZED "INVALID_TOKEN",
    /// The token has expired.
    TokenExpired = UNAUTHORIZED "TOKEN_EXPIRED",
    /// The session behind the token has ended.
    TokenRevoked = UNAUTHORIZED "TOKEN_REVOKED",
    /// E-mail address and password do not belong together.
    InvalidCredentials = UNAUTHORIZED "INVALID_CREDENTIALS",
    /// A spent refresh token was used again.
    RefreshReused = UNAUTHORIZED "REFRESH_REUSED",
    /// The webhook was not signed by the gateway.
    InvalidSignature = UNAUTHORIZED "INVALID_SIGNATURE",
    /// The caller may not.
    Forbidden = FORBIDDEN "FORBIDDEN",
    /// There is nothing here for this caller.
    NotFound = NOT_FOUND "NOT_FOUND",
    /// The resource does not know this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED "METHOD_NOT_ALLOWED",
    /// Nothing the caller accepts can be answered.
    NotAcceptable = NOT_ACCEPTABLE "NOT_ACCEPTABLE",
    /// It contradicts what is there.
    Conflict = CONFLICT "CONFLICT",
    /// The address belongs to an account.
    EmailTaken = CONFLICT "EMAIL_TAKEN",
    /// There are too few pieces.
    InsufficientStock = CONFLICT "INSUFFICIENT_STOCK",
    /// The state of the thing does not allow it.
    InvalidState = CONFLICT "INVALID_STATE",
    /// The price is another one by now.
    PriceChanged = CONFLICT "PRICE_CHANGED",
    /// The same request is being worked on.
    IdempotencyInProgress = CONFLICT "IDEMPOTENCY_IN_PROGRESS",
    /// The resource has changed since it was read.
    VersionMismatch = PRECONDITION_FAILED "VERSION_MISMATCH",
    /// The body is too large.
    PayloadTooLarge = PAYLOAD_TOO_LARGE "PAYLOAD_TOO_LARGE",
    /// The body is not JSON by its own words.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "UNSUPPORTED_MEDIA_TYPE",
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY "IDEMPOTENCY_KEY_REUSED",
    /// The request must say which version it is about.
    PreconditionRequired = PRECONDITION_REQUIRED "PRECONDITION_REQUIRED",
    /// Too many requests.
    RateLimited = TOO_MANY_REQUESTS "RATE_LIMITED",
    /// Too many failed logins.
    TooManyAttempts = TOO_MANY_REQUESTS "TOO_MANY_ATTEMPTS",
    /// Something unexpected.
    InternalError = INTERNAL_SERVER_ERROR "INTERNAL_ERROR",
    /// Something is not reachable for the moment.
    ServiceUnavailable = SERVICE_UNAVAILABLE "SERVICE_UNAVAILABLE",
}
