//! The API's description (OpenAPI 3.1), told by the types that carry it out.
//!
//! A function lists its routes once, against [`Routes`]. Built upon an axum [`Router`], the list serves requests; built upon
//! a [`Document`], the same list describes them: what a handler takes is described by its arguments ([`Argument`]), what it
//! answers by its return type ([`Answer`]), its name by its own. Nothing is said twice, so nothing can be said wrongly. What
//! only the domain knows, the refusals, stands beside the route in its [`About`].
//!
//! None of this runs in a function: what describes is reached from [`Document`] alone.

mod document;
mod handler;
mod inputs;
mod operation;
mod problems;
mod schemas;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use http::Method;

pub use document::Document;
pub use handler::{DescribeHandler, OperationInput, OperationOutput};
pub use operation::Operation;
pub use schemas::Schemas;

use crate::kit::error::error_code::ErrorCode;

/// What there is to say of a route beside what its handler's types say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationDoc {
    summary: &'static str,
    refusals: &'static [ErrorCode],
}

impl OperationDoc {
    /// What the route is for, in a few words.
    #[must_use]
    pub const fn new(summary: &'static str) -> Self {
        Self { summary, refusals: &[] }
    }

    /// Why the domain may refuse.
    #[must_use]
    pub const fn with_errors(self, refusals: &'static [ErrorCode]) -> Self {
        Self { refusals, ..self }
    }
}

impl From<&'static str> for OperationDoc {
    fn from(summary: &'static str) -> Self {
        Self::new(summary)
    }
}

/// Takes the routes of a function whose state is `S`, one by one.
pub trait RouteBuilder<S>: Sized {
    /// One more route.
    #[must_use]
    fn with<H, T>(self, method: Method, path: &'static str, handler: H, about: OperationDoc) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static;

    /// Reads.
    #[must_use]
    fn get<H, T>(self, path: &'static str, handler: H, about: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::GET, path, handler, about.into())
    }

    /// Creates, or does something.
    #[must_use]
    fn post<H, T>(self, path: &'static str, handler: H, about: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::POST, path, handler, about.into())
    }

    /// Replaces.
    #[must_use]
    fn put<H, T>(self, path: &'static str, handler: H, about: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::PUT, path, handler, about.into())
    }

    /// Changes some of it.
    #[must_use]
    fn patch<H, T>(self, path: &'static str, handler: H, about: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::PATCH, path, handler, about.into())
    }

    /// Removes.
    #[must_use]
    fn delete<H, T>(self, path: &'static str, handler: H, about: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::DELETE, path, handler, about.into())
    }
}

impl<S: Clone + Send + Sync + 'static> RouteBuilder<S> for Router<S> {
    fn with<H, T>(self, method: Method, path: &'static str, handler: H, _: OperationDoc) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.route(path, on(filter(&method), handler))
    }
}

/// The method, as the router has it; the routes above use no other.
fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}
