//! Router of a function, with the media types of the responses of its routes.

use std::collections::HashMap;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use http::Method;

use super::handler::DescribeHandler;
use super::{OperationDoc, RouteBuilder, RouterState};

/// Router of a function, with the media types of the successful responses of its routes, against which the
/// middleware checks `Accept` before it calls the route.
#[must_use = "a router serves requests only if it is run"]
#[derive(Debug, Clone)]
pub struct ApiRouter<S = ()> {
    router: Router<S>,
    media_types: MediaTypes,
}

/// Media types of the successful responses, by route.
#[derive(Debug, Clone, Default)]
pub struct MediaTypes(HashMap<&'static str, Vec<(Method, &'static [&'static str])>>);

impl MediaTypes {
    /// Media types of a route. Empty if they are unknown, or if its responses have no body.
    pub(crate) fn of(&self, method: &Method, path: &str) -> &'static [&'static str] {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let mut methods = self.0.get(path).into_iter().flatten();
        methods.find(|(known, _)| known == method).map_or(&[], |(_, media_types)| media_types)
    }
}

impl<S: Clone + Send + Sync + 'static> Default for ApiRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
    /// Creates a router without routes.
    pub fn new() -> Self {
        Router::new().into()
    }

    /// Provides the state of the handlers.
    pub fn with_state(self, state: S) -> ApiRouter {
        ApiRouter { router: self.router.with_state(state), media_types: self.media_types }
    }

    /// Adds the routes of `other`.
    pub fn merge(self, other: Self) -> Self {
        let mut media_types = self.media_types;
        for (path, methods) in other.media_types.0 {
            media_types.0.entry(path).or_default().extend(methods);
        }
        Self { router: self.router.merge(other.router), media_types }
    }

    /// Replaces the inner router, for example by one with a further layer.
    pub fn map_router(self, map: impl FnOnce(Router<S>) -> Router<S>) -> Self {
        Self { router: map(self.router), media_types: self.media_types }
    }
}

impl ApiRouter {
    /// Returns the inner router and the media types.
    pub(crate) fn into_parts(self) -> (Router, MediaTypes) {
        (self.router, self.media_types)
    }
}

/// The media types of the routes are unknown: the middleware checks only responses to safe methods.
impl<S> From<Router<S>> for ApiRouter<S> {
    fn from(router: Router<S>) -> Self {
        Self { router, media_types: MediaTypes::default() }
    }
}

impl<S: RouterState> RouteBuilder<S> for ApiRouter<S> {
    fn with<H, T>(mut self, method: Method, path: &'static str, handler: H, _: OperationDoc) -> Self
    where
        H: Handler<T, S> + DescribeHandler<T>,
        T: 'static,
    {
        let router = self.router.route(path, on(method_filter(&method), handler));
        self.media_types.0.entry(path).or_default().push((method, H::MEDIA_TYPES));
        Self { router, media_types: self.media_types }
    }
}

/// Converts the method for the router. No other methods are used.
fn method_filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}
