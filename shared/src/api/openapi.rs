//! What callers, permissions and idempotency keys mean for the description of a route.

pub(crate) mod json_schema;

use serde_json::json;

use super::caller::{Authenticated, MaybeAuthenticated};
use super::permission::{HasPermission, PermissionType, RequirePermission};
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

impl<P: PermissionType> OperationInput for RequirePermission<P> {
    fn describe(operation: &mut Operation<'_>) {
        Authenticated::describe(operation);
        if let Ok(serde_json::Value::String(name)) = serde_json::to_value(P::PERMISSION) {
            operation.require_permission(name);
        }
        operation.add_errors(&[ErrorCode::Forbidden]);
    }
}

/// A command can always meet others that change the same thing.
impl OperationInput for NonIdempotent {
    fn describe(operation: &mut Operation<'_>) {
        operation.add_errors(&[ErrorCode::Conflict]);
    }
}

impl OperationInput for Idempotent {
    fn describe(operation: &mut Operation<'_>) {
        key(operation, false);
    }
}

impl OperationInput for IdempotencyKeyRequired {
    fn describe(operation: &mut Operation<'_>) {
        key(operation, true);
        operation.add_errors(&[ErrorCode::IdempotencyKeyRequired]);
    }
}

impl OperationInput for LeasedIdempotencyKey {
    fn describe(operation: &mut Operation<'_>) {
        IdempotencyKeyRequired::describe(operation);
    }
}

/// A key belongs to its caller, so a token that is there must be valid.
fn key(operation: &mut Operation<'_>, required: bool) {
    MaybeAuthenticated::describe(operation);
    let about = "Makes it safe to send the request again: within 24 hours, the same key and body get the same answer.";
    let schema = json!({ "type": "string", "pattern": "^[!-~]{1,255}$", "examples": ["4f5c1d2e"] });
    operation.header("Idempotency-Key", required, about, schema);
    operation.response_header(
        crate::kit::http::response::IDEMPOTENT_REPLAY,
        "`true` if the answer was given before.",
    );
    operation.add_errors(&[
        ErrorCode::Conflict,
        ErrorCode::IdempotencyInProgress,
        ErrorCode::IdempotencyKeyInvalid,
        ErrorCode::IdempotencyKeyReused,
    ]);
}
