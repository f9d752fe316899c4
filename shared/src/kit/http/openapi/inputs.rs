//! Descriptions of the extractors.

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

/// The state is not part of the API.
impl<S> OperationInput for State<S> {
    fn describe(_: &mut Operation<'_>) {}
}

/// Settings of the function are not part of the API.
impl<T> OperationInput for Extension<T> {
    fn describe(_: &mut Operation<'_>) {}
}

/// Facts that are available for every request need no description.
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
        let integer_from = |from: u32| json!({ "type": "integer", "minimum": from });
        let limit_schema =
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
        operation.query_parameter(limit, "Maximum number of items per page.", limit_schema);
        operation.query_parameter(
            page,
            "Page number, from 1. The page must lie within the first 10,000 items, and the items before it \
             must not be larger than 2 MB.",
            integer_from(1),
        );
        operation.query_parameter(
            offset,
            "Number of items to skip. The page must lie within the first 10,000 items, and the items before it \
             must not be larger than 2 MB.",
            integer_from(0),
        );
        operation.query_parameter(cursor, "`nextCursor` of the previous page.", json!({ "type": "string" }));
        body_parameters::<B, R>(operation);
        operation.add_errors(&[ErrorCode::InvalidCursor]);
    }
}

impl<B: DeserializeOwned, R: Relation> OperationInput for ItemQuery<B, R> {
    fn describe(operation: &mut Operation<'_>) {
        body_parameters::<B, R>(operation);
        operation.add_errors(&[ErrorCode::ValidationError]);
    }
}

/// Adds the parameters that select the parts of a body. JSON Schema cannot express that a required field is
/// absent if it was not requested, so the description says it.
fn body_parameters<B: DeserializeOwned, R: Relation>(operation: &mut Operation<'_>) {
    let names = field_names::<B>().join(", ");
    let description =
        format!("Comma-separated fields to return: {names}. Other fields are omitted, even required ones.");
    operation.query_parameter(SparseFields::<B>::PARAMETER, &description, json!({ "type": "string" }));
    let relations: Vec<&str> = R::ALL.iter().map(|(name, _)| *name).collect();
    if !relations.is_empty() {
        let schema = json!({ "type": "string", "enum": relations });
        operation.query_parameter(Include::<R>::PARAMETER, "Related resource to include.", schema);
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.path_parameter::<T>();
        operation.add_errors(&[ErrorCode::NotFound]);
    }
}

impl<B> OperationInput for IfMatch<B> {
    fn describe(operation: &mut Operation<'_>) {
        let description = "`ETag` of the version to change, or a list of them: the request fails with 412 if \
                           the resource has changed since. `*` accepts any version.";
        let pattern = "^(\\*|\"[!#-~]+\"(, *\"[!#-~]+\")*)$";
        let schema = json!({ "type": "string", "pattern": pattern, "examples": ["\"1\"", "*"] });
        operation.header("If-Match", true, description, schema);
        operation.add_errors(&[ErrorCode::PreconditionRequired, ErrorCode::VersionMismatch]);
    }
}

impl OperationInput for IfNoneMatch {
    fn describe(operation: &mut Operation<'_>) {
        let description = "`ETag` of a cached version, or a list of them: the response is 304 if the \
                           resource has not changed since.";
        operation.header(
            "If-None-Match",
            false,
            description,
            json!({ "type": "string", "examples": ["\"1\""] }),
        );
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
