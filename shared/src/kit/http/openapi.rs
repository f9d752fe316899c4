//! API description (OpenAPI 3.1), derived from the types of the handlers.
//!
//! A function lists its routes once, for any [`RouteBuilder`]. With an [`ApiRouter`], the list serves
//! requests; with a [`Document`], it describes them: the arguments of a handler ([`OperationInput`]) describe
//! the request, its return type ([`OperationOutput`]) the response, its function name the operation id.
//! Description and behaviour therefore cannot diverge. Only the errors of the domain are declared separately,
//! in the [`OperationDoc`] of the route.
//!
//! The deployed functions do not run the describing code: only [`Document`] calls it.

mod api_router;
mod document;
pub mod events;
mod handler;
mod inputs;
mod operation;
mod problems;
mod responses;
mod schemas;

use std::marker::PhantomData;

use axum::extract::FromRef;
use axum::handler::Handler;
use http::Method;

pub use api_router::{ApiRouter, MediaTypes};
pub use document::Document;
use handler::QueryHandler;
pub use handler::{DescribeHandler, OperationInput, OperationOutput};
pub use operation::Operation;
pub use schemas::Schemas;

use crate::kit::error::error_code::ErrorCode;

/// Documentation of a route that cannot be derived from its handler: summary, description and the errors of
/// the domain. A handler that serves two routes has an operation id for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationDoc {
    summary: &'static str,
    description: &'static str,
    errors: &'static [ErrorCode],
    operation_id: Option<&'static str>,
}

impl OperationDoc {
    /// Creates documentation with a short summary.
    #[must_use]
    pub const fn new(summary: &'static str) -> Self {
        Self { summary, description: "", errors: &[], operation_id: None }
    }

    /// Sets the description (Markdown): effect, side effects, limits, and what a caller does next.
    #[must_use]
    pub const fn with_description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Sets the errors that the domain may return.
    #[must_use]
    pub const fn with_errors(self, errors: &'static [ErrorCode]) -> Self {
        Self { errors, ..self }
    }

    /// Sets the operation id. By default, it is the name of the handler.
    #[must_use]
    pub const fn with_operation_id(self, id: &'static str) -> Self {
        Self { operation_id: Some(id), ..self }
    }
}

impl From<&'static str> for OperationDoc {
    fn from(summary: &'static str) -> Self {
        Self::new(summary)
    }
}

/// State of a function's router.
pub trait RouterState: Clone + Send + Sync + 'static {
    /// State of the `GET` handlers: the part of the state that can only read.
    type Queries: FromRef<Self> + Clone + Send + Sync + 'static;
}

/// Receives the routes of a function with state `S`. The handlers of `GET` routes get
/// [`RouterState::Queries`] and no more, so they cannot write.
pub trait RouteBuilder<S: RouterState>: Sized {
    /// Adds a route.
    #[must_use]
    fn with<H, T>(self, method: Method, path: &'static str, handler: H, doc: OperationDoc) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static;

    /// Adds a `GET` route.
    #[must_use]
    fn get<H, T>(self, path: &'static str, handler: H, doc: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S::Queries> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::GET, path, QueryHandler::<H, S>(handler, PhantomData), doc.into())
    }

    /// Adds a `POST` route.
    #[must_use]
    fn post<H, T>(self, path: &'static str, handler: H, doc: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::POST, path, handler, doc.into())
    }

    /// Adds a `PUT` route.
    #[must_use]
    fn put<H, T>(self, path: &'static str, handler: H, doc: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::PUT, path, handler, doc.into())
    }

    /// Adds a `PATCH` route.
    #[must_use]
    fn patch<H, T>(self, path: &'static str, handler: H, doc: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::PATCH, path, handler, doc.into())
    }

    /// Adds a `DELETE` route.
    #[must_use]
    fn delete<H, T>(self, path: &'static str, handler: H, doc: impl Into<OperationDoc>) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        self.with(Method::DELETE, path, handler, doc.into())
    }
}
