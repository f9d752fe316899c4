//! Per-request telemetry: duration and error metrics, and the server span.

use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::Method;
use http::header::LOCATION;

use crate::kit::http::request::single_header::single_header;
use crate::kit::telemetry::catalogue::{ERRORS, HTTP_REQUEST_DURATION};
use crate::kit::telemetry::metrics;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{KeyValue, SpanKind, TRACEPARENT, TracedSpan, X_AMZN_TRACE_ID};

/// Telemetry of a request in progress.
#[derive(Debug)]
pub(crate) struct RequestTelemetry {
    /// Server span, a child of the trace context in the request headers.
    pub(crate) span: TracedSpan,
    /// Method, or `_OTHER`.
    method: &'static str,
    /// Path template, or `none`. With the method, its cardinality is the number of operations.
    route: String,
}

impl RequestTelemetry {
    /// Starts the server span. Names, attributes and kinds follow the "Semantic conventions for HTTP spans".
    /// Path and query are left out, because they can contain anything.
    pub(crate) fn start(request: &Request, route: Option<&str>) -> Self {
        // A repeated header is invalid ("Trace Context", section 3.2).
        let header = |name: &str| single_header(request.headers(), name).ok().flatten();
        // The runtime puts Lambda's own trace context into AWS's header.
        let parent = trace::extract(header(TRACEPARENT), header(X_AMZN_TRACE_ID));
        let (method, path) = (normalized_method(request.method()), route.unwrap_or("none"));
        let mut attributes = vec![KeyValue::new("http.request.method", method)];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        if route.is_some() && trace::is_recording() {
            attributes.extend(trace::entity_ids(request.uri().path()));
        }
        Self {
            span: TracedSpan::start_with_parent(
                &parent,
                SpanKind::Server,
                format!("{method} {path}"),
                attributes,
            ),
            method,
            route: path.to_owned(),
        }
    }

    /// Records metrics and ends the span.
    pub(crate) fn end(self, response: &Response, code: Option<&'static str>, duration: Duration) {
        let status = response.status();
        let dimensions = [self.method, &self.route, status.as_str()];
        metrics::record_duration(&HTTP_REQUEST_DURATION, dimensions, duration);
        self.span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if let Some(code) = code {
            metrics::count(&ERRORS, [code]);
            self.span.set_attribute(KeyValue::new("error.type", code));
            if status.is_server_error() {
                self.span.record_exception(code, status.canonical_reason().unwrap_or_default());
            }
        }
        let created = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        if let Some(created) = created.filter(|_| trace::is_recording()) {
            for id in trace::entity_ids(created) {
                self.span.set_attribute(id);
            }
        }
        self.span.end(!status.is_server_error());
    }
}

/// The method if it is standard, else `_OTHER` (semantic conventions), to bound metric cardinality.
const fn normalized_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
