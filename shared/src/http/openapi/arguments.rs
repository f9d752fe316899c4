//! What the conventions of the edge add to the handlers that take part in them.

use axum::extract::State;
use http::StatusCode;
use schemars::JsonSchema;
use serde_json::json;

use super::handler::Argument;
use super::operation::Operation;
use crate::http::code::Code;
use crate::http::edge::RequestFacts;
use crate::http::{IfMatch, IfNoneMatch, Json, Path, Query};

/// The function's own business.
impl<S> Argument for State<S> {
    fn describe(_: &mut Operation<'_>) {}
}

/// Known of every request.
impl Argument for RequestFacts {
    fn describe(_: &mut Operation<'_>) {}
}

impl<T: JsonSchema> Argument for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.body::<T>();
        operation.may_fail(&[
            Code::MalformedJson,
            Code::InvalidEncoding,
            Code::ValidationError,
            Code::UnsupportedMediaType,
        ]);
    }
}

impl<T: JsonSchema> Argument for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.query::<T>();
        operation.may_fail(&[Code::ValidationError]);
    }
}

impl<T: JsonSchema> Argument for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.path_parameter::<T>();
        operation.may_fail(&[Code::NotFound]);
    }
}

impl Argument for IfMatch {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The `ETag` that you read: nothing changes if the resource has changed since. `*` takes any version.";
        operation.header("If-Match", true, about, json!({ "type": "string", "examples": ["\"1\""] }));
        operation.may_fail(&[Code::PreconditionRequired, Code::VersionMismatch]);
    }
}

impl Argument for IfNoneMatch {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The `ETag` that you have: 304 if the resource has not changed since.";
        operation.header("If-None-Match", false, about, json!({ "type": "string", "examples": ["\"1\""] }));
        operation.answers(StatusCode::NOT_MODIFIED, None);
    }
}

impl<A: Argument, B: Argument> Argument for (A, B) {
    fn describe(operation: &mut Operation<'_>) {
        A::describe(operation);
        B::describe(operation);
    }
}

impl<A: Argument, B: Argument, C: Argument> Argument for (A, B, C) {
    fn describe(operation: &mut Operation<'_>) {
        <(A, B)>::describe(operation);
        C::describe(operation);
    }
}
