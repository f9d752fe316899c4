//! What the conventions of the edge add to the handlers that take part in them.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::handler::OperationInput;
use super::operation::Operation;
use crate::kit::error::error_code::ErrorCode;
use crate::kit::http::list::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::kit::http::list::sparse_fields::field_names;
use crate::kit::http::middleware::RequestInfo;
use crate::kit::http::{
    IfMatch, IfNoneMatch, Include, ItemQuery, Json, ListQuery, Paging, Path, Query, Relation, SparseFields,
};

/// The function's own business.
impl<S> OperationInput for State<S> {
    fn describe(_: &mut Operation<'_>) {}
}

/// So are its settings.
impl<T> OperationInput for Extension<T> {
    fn describe(_: &mut Operation<'_>) {}
}

/// Known of every request.
impl OperationInput for RequestInfo {
    fn describe(_: &mut Operation<'_>) {}
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.body::<T>();
        operation.add_errors(&[
            ErrorCode::MalformedJson,
            ErrorCode::InvalidEncoding,
            ErrorCode::ValidationError,
            ErrorCode::UnsupportedMediaType,
        ]);
    }
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.query::<T>();
        operation.add_errors(&[ErrorCode::ValidationError]);
    }
}

impl<T, B, R> OperationInput for ListQuery<T, B, R>
where
    T: JsonSchema,
    B: DeserializeOwned,
    R: Relation,
{
    fn describe(operation: &mut Operation<'_>) {
        Query::<T>::describe(operation);
        let [limit, page, offset, cursor] = Paging::PARAMETERS;
        let whole = |from: u32| json!({ "type": "integer", "minimum": from });
        let most = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
        operation.query_parameter(limit, "How many items a page has at most.", most);
        operation.query_parameter(page, "The number of the page, up to 10,000 items deep.", whole(1));
        operation.query_parameter(offset, "How many items come before, up to 10,000.", whole(0));
        operation.query_parameter(cursor, "`nextCursor` of the page before.", json!({ "type": "string" }));
        shape::<B, R>(operation);
        operation.add_errors(&[ErrorCode::InvalidCursor]);
    }
}

impl<B: DeserializeOwned, R: Relation> OperationInput for ItemQuery<B, R> {
    fn describe(operation: &mut Operation<'_>) {
        shape::<B, R>(operation);
        operation.add_errors(&[ErrorCode::ValidationError]);
    }
}

/// Which parts of a body are shown. JSON Schema cannot say that what is required is required unless it was not asked for.
fn shape<B: DeserializeOwned, R: Relation>(operation: &mut Operation<'_>) {
    let names = field_names::<B>().join(", ");
    let about = format!(
        "Show only these fields, with commas between them: {names}. The others are left out, required or not."
    );
    operation.query_parameter(SparseFields::<B>::PARAMETER, &about, json!({ "type": "string" }));
    let relations: Vec<&str> = R::ALL.iter().map(|(name, _)| *name).collect();
    if !relations.is_empty() {
        let schema = json!({ "type": "string", "enum": relations });
        operation.query_parameter(Include::<R>::PARAMETER, "What to show besides.", schema);
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.path_parameter::<T>();
        operation.add_errors(&[ErrorCode::NotFound]);
    }
}

impl OperationInput for IfMatch {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The `ETag` that you read: nothing changes if the resource has changed since. `*` takes any version.";
        let schema =
            json!({ "type": "string", "pattern": "^(\\*|\"[!#-~]+\")$", "examples": ["\"1\"", "*"] });
        operation.header("If-Match", true, about, schema);
        operation.add_errors(&[ErrorCode::PreconditionRequired, ErrorCode::VersionMismatch]);
    }
}

impl OperationInput for IfNoneMatch {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The `ETag` that you have: 304 if the resource has not changed since.";
        operation.header("If-None-Match", false, about, json!({ "type": "string", "examples": ["\"1\""] }));
        operation.response(StatusCode::NOT_MODIFIED, None);
    }
}

impl<A: OperationInput, B: OperationInput> OperationInput for (A, B) {
    fn describe(operation: &mut Operation<'_>) {
        A::describe(operation);
        B::describe(operation);
    }
}

impl<A: OperationInput, B: OperationInput, C: OperationInput> OperationInput for (A, B, C) {
    fn describe(operation: &mut Operation<'_>) {
        <(A, B)>::describe(operation);
        C::describe(operation);
    }
}
