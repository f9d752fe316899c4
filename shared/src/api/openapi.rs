//! OpenAPI descriptions of the extractors for access tokens, permissions and idempotency keys.

pub(crate) mod json_schema;

use serde_json::json;

use super::caller::{Authenticated, MaybeAuthenticated};
use super::permission::{HasPermission, PermissionForOthers, PermissionType, RequirePermission};
use crate::api::idempotency::{IdempotencyKeyRequired, Idempotent, LeasedIdempotencyKey, NonIdempotent};
use crate::kit::error::ErrorCode;
use crate::kit::http::openapi::{Operation, OperationInput};

const BAD_TOKEN: [ErrorCode; 4] =
    [ErrorCode::Unauthenticated, ErrorCode::InvalidToken, ErrorCode::TokenExpired, ErrorCode::TokenRevoked];

impl OperationInput for Authenticated {
    fn describe(operation: &mut Operation<'_>) {
        operation.require_auth();
        operation.add_errors(&BAD_TOKEN);
    }
}

impl OperationInput for MaybeAuthenticated {
    fn describe(operation: &mut Operation<'_>) {
        operation.optional_auth();
        operation.add_errors(&BAD_TOKEN);
    }
}

impl<P: PermissionType> OperationInput for HasPermission<P> {
    fn describe(operation: &mut Operation<'_>) {
        Authenticated::describe(operation);
    }
}

impl<P: PermissionType> OperationInput for PermissionForOthers<P> {
    fn describe(operation: &mut Operation<'_>) {
        Authenticated::describe(operation);
    }
}

impl<P: PermissionType> OperationInput for RequirePermission<P> {
    fn describe(operation: &mut Operation<'_>) {
        Authenticated::describe(operation);
        operation.require_permission(P::PERMISSION.to_string());
        operation.add_errors(&[ErrorCode::Forbidden]);
    }
}

/// Any command can conflict with a concurrent command.
impl OperationInput for NonIdempotent {
    fn describe(operation: &mut Operation<'_>) {
        operation.add_errors(&[ErrorCode::Conflict]);
    }
}

impl OperationInput for Idempotent {
    fn describe(operation: &mut Operation<'_>) {
        idempotency_key(operation, false);
    }
}

impl OperationInput for IdempotencyKeyRequired {
    fn describe(operation: &mut Operation<'_>) {
        idempotency_key(operation, true);
        operation.add_errors(&[ErrorCode::IdempotencyKeyRequired]);
    }
}

impl OperationInput for LeasedIdempotencyKey {
    fn describe(operation: &mut Operation<'_>) {
        IdempotencyKeyRequired::describe(operation);
    }
}

/// Describes the header. A key belongs to its caller, so an access token that is present must be valid.
fn idempotency_key(operation: &mut Operation<'_>, required: bool) {
    MaybeAuthenticated::describe(operation);
    let description = "Unique key of the request, which makes retries safe: within 24 hours, a request with \
                       the same key and body is not executed again and returns the first response.";
    let example = "0b6ff6c5-5a9e-4a6c-9f0e-7d0c1f6d2e3a";
    let schema = json!({ "type": "string", "pattern": "^[!-+\\--~]{1,255}$", "examples": [example] });
    operation.header("Idempotency-Key", required, description, schema);
    operation.response_header(
        crate::kit::http::response::IDEMPOTENT_REPLAY,
        "`true` if the response of an earlier request with the same key is returned.",
    );
    operation.add_errors(&[
        ErrorCode::Conflict,
        ErrorCode::IdempotencyInProgress,
        ErrorCode::IdempotencyKeyInvalid,
        ErrorCode::IdempotencyKeyReused,
    ]);
}
