//! What callers, permissions and idempotency keys mean for the description of a route.

pub(crate) mod json_schema;

use serde_json::json;

use super::caller::{Authenticated, Caller};
use super::permission::{Grant, May, Permitted};
use crate::api::idempotency::{Once, OnceLeased, OnceRequired, Unkeyed};
use crate::kit::error::Code;
use crate::kit::http::openapi::{Argument, Operation};

const BAD_TOKEN: [Code; 4] =
    [Code::Unauthenticated, Code::InvalidToken, Code::TokenExpired, Code::TokenRevoked];

impl Argument for Authenticated {
    fn describe(operation: &mut Operation<'_>) {
        operation.needs_token();
        operation.may_fail(&BAD_TOKEN);
    }
}

impl Argument for Caller {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_token();
        operation.may_fail(&BAD_TOKEN);
    }
}

impl<P: Grant> Argument for May<P> {
    fn describe(operation: &mut Operation<'_>) {
        Authenticated::describe(operation);
    }
}

impl<P: Grant> Argument for Permitted<P> {
    fn describe(operation: &mut Operation<'_>) {
        Authenticated::describe(operation);
        if let Ok(serde_json::Value::String(name)) = serde_json::to_value(P::PERMISSION) {
            operation.needs_permission(name);
        }
        operation.may_fail(&[Code::Forbidden]);
    }
}

/// A command can always meet others that change the same thing.
impl Argument for Unkeyed {
    fn describe(operation: &mut Operation<'_>) {
        operation.may_fail(&[Code::Conflict]);
    }
}

impl Argument for Once {
    fn describe(operation: &mut Operation<'_>) {
        key(operation, false);
    }
}

impl Argument for OnceRequired {
    fn describe(operation: &mut Operation<'_>) {
        key(operation, true);
        operation.may_fail(&[Code::IdempotencyKeyRequired]);
    }
}

impl Argument for OnceLeased {
    fn describe(operation: &mut Operation<'_>) {
        OnceRequired::describe(operation);
    }
}

/// A key belongs to its caller, so a token that is there must be valid.
fn key(operation: &mut Operation<'_>, required: bool) {
    Caller::describe(operation);
    let about = "Makes it safe to send the request again: within 24 hours, the same key and body get the same answer.";
    let schema = json!({ "type": "string", "pattern": "^[!-~]{1,255}$", "examples": ["4f5c1d2e"] });
    operation.header("Idempotency-Key", required, about, schema);
    operation.answer_header(
        crate::kit::http::response::IDEMPOTENT_REPLAY,
        "`true` if the answer was given before.",
    );
    operation.may_fail(&[
        Code::Conflict,
        Code::IdempotencyInProgress,
        Code::IdempotencyKeyInvalid,
        Code::IdempotencyKeyReused,
    ]);
}
