//! What is told of a request besides its access line: how long it took, what it was refused with, and its part in a trace.

use std::time::Duration;

use axum::extract::Request;
use http::{HeaderName, Method, StatusCode};

use crate::kit::telemetry::catalogue::{ERRORS, REQUEST_LATENCY};
use crate::kit::telemetry::metrics;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{KeyValue, SpanKind, TRACEPARENT, TracedSpan, X_AMZN_TRACE_ID};

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct RequestTelemetry {
    /// Answering it, as a part of the trace that its headers name.
    pub(crate) work: TracedSpan,
    /// Method and path as the router has them; there are as many as there are operations.
    route: String,
}

impl RequestTelemetry {
    /// Names, attributes and kinds are those of the "Semantic conventions for HTTP spans"; the path and the query are left
    /// out, which may hold anything.
    pub(crate) fn of(request: &Request, route: Option<&str>) -> Self {
        let header = |name: &str| request.headers().get(name.parse::<HeaderName>().ok()?)?.to_str().ok();
        // The runtime has put Lambda's own part of the trace into AWS's header.
        let parent = trace::extract(header(TRACEPARENT), header(X_AMZN_TRACE_ID));
        let (method, path) = (normalized_method(request.method()), route.unwrap_or("none"));
        let named = format!("{method} {path}");
        let mut facts = vec![KeyValue::new("http.request.method", method)];
        facts.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        Self {
            work: TracedSpan::start_with_parent(&parent, SpanKind::Server, named.clone(), facts),
            route: named,
        }
    }

    /// It was answered.
    pub(crate) fn end(self, status: StatusCode, code: Option<&'static str>, took: Duration) {
        metrics::record_duration(&REQUEST_LATENCY, [&self.route, status_class(status)], took);
        self.work.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if let Some(code) = code {
            metrics::count(&ERRORS, [code]);
            self.work.set_attribute(KeyValue::new("error.type", code));
        }
        self.work.end(!status.is_server_error());
    }
}

/// The method, if it is one that HTTP knows; somebody may make up as many as they like.
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

fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
