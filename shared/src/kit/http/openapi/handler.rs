//! Handlers, described by their types.

use http::StatusCode;
use http::header::{ETAG, LOCATION};
use schemars::JsonSchema;
use serde_json::json;

use super::operation::Operation;
use crate::kit::error::ApiError;
use crate::kit::http::response::{Bare, Kind, List, Pagination, Reply};

/// Something that a handler takes.
pub trait Argument {
    /// Says what of a request it is made of, and how that may fail.
    fn describe(operation: &mut Operation<'_>);
}

/// Something that a handler answers when all goes well.
pub trait Answer {
    /// Says what callers get.
    fn describe(operation: &mut Operation<'_>);
}

/// A handler whose arguments and answer describe it. `T` is what tells handlers of different arity apart, as in axum.
pub trait Describe<T> {
    /// Says what the handler takes and answers.
    fn describe(operation: &mut Operation<'_>);

    /// What it is called in the code.
    #[must_use]
    fn name() -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }
}

impl<F, A> Describe<((),)> for F
where
    F: Fn() -> A,
    A: Future,
    A::Output: Answer,
{
    fn describe(operation: &mut Operation<'_>) {
        A::Output::describe(operation);
    }
}

/// Describes handlers of each number of arguments.
macro_rules! describe {
    ($($argument:ident),+) => {
        impl<F, A, M, $($argument),+> Describe<(M, $($argument,)+)> for F
        where
            F: Fn($($argument),+) -> A,
            A: Future,
            A::Output: Answer,
            $($argument: Argument,)+
        {
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

impl<T: Answer> Answer for Result<T, ApiError> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

impl<T: JsonSchema, K: Kind> Answer for Reply<T, K> {
    fn describe(operation: &mut Operation<'_>) {
        if K::HAS_TAG {
            operation.answer_header(ETAG, "The version that is shown; what `If-Match` takes.");
        }
        if K::HAS_LOCATION {
            operation.answer_header(LOCATION, "Where the new resource stands.");
        }
        let data = operation.schemas().answered::<T>();
        let body = json!({ "type": "object", "required": ["data"], "properties": { "data": data } });
        operation.answers(K::STATUS, (K::STATUS != StatusCode::NO_CONTENT).then_some(body));
    }
}

impl<T: JsonSchema> Answer for List<T> {
    fn describe(operation: &mut Operation<'_>) {
        let data = operation.schemas().answered::<Vec<T>>();
        let pagination = operation.schemas().answered::<Pagination>();
        let body = json!({
            "type": "object",
            "required": ["data", "pagination"],
            "properties": { "data": data, "pagination": pagination },
        });
        operation.answers(StatusCode::OK, Some(body));
    }
}

impl<T: JsonSchema> Answer for Bare<T> {
    fn describe(operation: &mut Operation<'_>) {
        let body = operation.schemas().answered::<T>();
        operation.answers(StatusCode::OK, Some(body));
    }
}
