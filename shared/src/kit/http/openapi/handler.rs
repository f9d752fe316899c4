//! Descriptions of handlers, derived from their types.

use std::marker::PhantomData;

use axum::extract::{FromRef, Request};
use axum::handler::Handler;
use http::StatusCode;
use http::header::{ETAG, LOCATION};
use schemars::JsonSchema;
use serde_json::json;

use super::RouterState;
use super::operation::Operation;
use crate::kit::error::ApiError;
use crate::kit::http::response::{ApiResponse, ListResponse, Pagination, ResponseKind, Unwrapped};

/// Media type of most responses.
const JSON: &[&str] = &["application/json"];

/// Argument of a handler.
pub trait OperationInput {
    /// Adds the parts of the request that it reads, and the errors that this may cause.
    fn describe(operation: &mut Operation<'_>);
}

/// Successful result of a handler.
pub trait OperationOutput {
    /// Media types that the response can have; empty if it has no body.
    const MEDIA_TYPES: &'static [&'static str] = JSON;

    /// Adds the response.
    fn describe(operation: &mut Operation<'_>);
}

/// Handler that is described by its arguments and result. As in axum, `T` distinguishes handlers of different
/// arity.
pub trait DescribeHandler<T> {
    /// Media types of the successful responses.
    const MEDIA_TYPES: &'static [&'static str];

    /// Adds the inputs and the response of the handler.
    fn describe(operation: &mut Operation<'_>);

    /// Function name of the handler.
    #[must_use]
    fn name() -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }
}

/// Handler of a `GET` route in a router with state `S`.
#[derive(Debug)]
pub(super) struct QueryHandler<H, S>(pub(super) H, pub(super) PhantomData<fn() -> S>);

impl<H: Clone, S> Clone for QueryHandler<H, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<H, T, S> Handler<T, S> for QueryHandler<H, S>
where
    H: Handler<T, S::Queries>,
    S: RouterState,
{
    type Future = H::Future;

    fn call(self, request: Request, state: S) -> H::Future {
        self.0.call(request, FromRef::from_ref(&state))
    }
}

impl<H, T, S> DescribeHandler<T> for QueryHandler<H, S>
where
    H: DescribeHandler<T>,
{
    const MEDIA_TYPES: &'static [&'static str] = H::MEDIA_TYPES;

    fn describe(operation: &mut Operation<'_>) {
        H::describe(operation);
    }

    fn name() -> &'static str {
        H::name()
    }
}

impl<F, A> DescribeHandler<((),)> for F
where
    F: Fn() -> A,
    A: Future,
    A::Output: OperationOutput,
{
    const MEDIA_TYPES: &'static [&'static str] = A::Output::MEDIA_TYPES;

    fn describe(operation: &mut Operation<'_>) {
        A::Output::describe(operation);
    }
}

/// Implements [`DescribeHandler`] for a number of arguments.
macro_rules! describe {
    ($($argument:ident),+) => {
        impl<F, A, M, $($argument),+> DescribeHandler<(M, $($argument,)+)> for F
        where
            F: Fn($($argument),+) -> A,
            A: Future,
            A::Output: OperationOutput,
            $($argument: OperationInput,)+
        {
            const MEDIA_TYPES: &'static [&'static str] = A::Output::MEDIA_TYPES;

            fn describe(operation: &mut Operation<'_>) {
                $($argument::describe(operation);)+
                A::Output::describe(operation);
            }
        }
    };
}

describe!(A1);
describe!(A1, A2);
describe!(A1, A2, A3);
describe!(A1, A2, A3, A4);
describe!(A1, A2, A3, A4, A5);
describe!(A1, A2, A3, A4, A5, A6);
describe!(A1, A2, A3, A4, A5, A6, A7);
describe!(A1, A2, A3, A4, A5, A6, A7, A8);

impl<T: OperationOutput> OperationOutput for Result<T, ApiError> {
    const MEDIA_TYPES: &'static [&'static str] = T::MEDIA_TYPES;

    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

impl<T: JsonSchema, K: ResponseKind> OperationOutput for ApiResponse<T, K> {
    const MEDIA_TYPES: &'static [&'static str] = if K::HAS_BODY { JSON } else { &[] };

    fn describe(operation: &mut Operation<'_>) {
        if K::HAS_TAG {
            let description = "Version of the resource, for `If-Match` and `If-None-Match`. The compressed \
                               response has a tag of its own; both are accepted in these headers.";
            operation.response_header(ETAG, description);
        }
        if K::HAS_LOCATION {
            operation.response_header(LOCATION, "Address of the new resource.");
        }
        let data = operation.schemas().response_schema::<T>();
        let body = json!({ "type": "object", "required": ["data"], "properties": { "data": data } });
        operation.response(K::STATUS, K::HAS_BODY.then_some(body));
    }
}

impl<T: JsonSchema> OperationOutput for ListResponse<T> {
    fn describe(operation: &mut Operation<'_>) {
        let data = operation.schemas().response_schema::<Vec<T>>();
        let pagination = operation.schemas().response_schema::<Pagination>();
        let body = json!({
            "type": "object",
            "required": ["data", "pagination"],
            "properties": { "data": data, "pagination": pagination },
        });
        operation.response(StatusCode::OK, Some(body));
    }
}

impl<T: JsonSchema> OperationOutput for Unwrapped<T> {
    fn describe(operation: &mut Operation<'_>) {
        let body = operation.schemas().response_schema::<T>();
        operation.response(StatusCode::OK, Some(body));
    }
}
