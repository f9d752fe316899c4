//! Middleware around every request, from the outside in: compression and the entity tag, request id and
//! access log, rendering of errors, panic handling, the `Accept` header, limit and coding of the body. Within
//! it follow the rate limit, and in the handler's extractors authentication, authorization and validation, in
//! this order.

mod accept;
mod representation;
pub(crate) mod request_telemetry;
pub mod sanitize;

use std::net::{IpAddr, Ipv6Addr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use tracing::{Instrument, Span, field};

use crate::kit::command::CorrelationId;
use crate::kit::error::ApiError;
use crate::kit::error::error_code::ErrorCode;
use crate::kit::http::openapi::{ApiRouter, MediaTypes};
use crate::kit::http::request::single_header::single_header;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use accept::Accept;
use request_telemetry::RequestTelemetry;

/// Maximum size of a request body: 256 KiB.
pub const MAX_BODY: usize = 256 * 1024;

/// Header with the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Header with the correlation id: the id of the work that the request is part of.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Facts about a request that do not depend on its path, query or body.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// Request id from API Gateway, or a generated one.
    pub id: String,
    /// Correlation id from the caller, or else the request id.
    pub correlation_id: CorrelationId,
    /// Time when the request was received.
    pub received_at: Timestamp,
    /// Client address as seen by API Gateway. Addresses in request headers are not trusted.
    pub source_ip: String,
}

impl RequestInfo {
    /// Network of the client, which rate limits count as one caller: an IPv4 address, or the /64 prefix of an
    /// IPv6 address, because a client usually controls its whole prefix (RFC 6177).
    #[must_use]
    pub fn client_network(&self) -> String {
        match self.source_ip.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V6(address)) => {
                let prefix = address.to_bits() & (u128::MAX << 64);
                format!("{}/64", Ipv6Addr::from_bits(prefix))
            }
            Ok(IpAddr::V4(address)) => address.to_string(),
            Err(_) => self.source_ip.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::internal(MissingMiddleware))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the router is not wrapped in the HTTP middleware")]
struct MissingMiddleware;

/// Unparsed request body, for fingerprints.
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

/// Wraps `router` in the middleware.
pub fn layer<C: Clock, R: Entropy>(router: impl Into<ApiRouter>, clock: C, entropy: R) -> Router {
    let (router, media_types) = router.into().into_parts();
    let media_types = Arc::new(media_types);
    let request_layer = middleware::from_fn(move |request: Request, next: Next| {
        let (clock, entropy, media_types) = (clock.clone(), entropy.clone(), Arc::clone(&media_types));
        async move { handle(request, next, &media_types, &clock, &entropy).await }
    });
    representation::layer(router.layer(request_layer))
}

/// Outermost handler: opens the request span, runs the router, catches panics, writes the access log.
async fn handle(
    mut request: Request,
    next: Next,
    media_types: &MediaTypes,
    clock: &impl Clock,
    entropy: &impl Entropy,
) -> Response {
    let info = request_info(&request, clock.now(), entropy);
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "request",
        requestId = info.id,
        correlationId = %info.correlation_id,
        method = %request.method(),
        route = route.as_deref().unwrap_or("none"),
        xrayTraceId = request.lambda_context_ref().and_then(|context| context.xray_trace_id.as_deref()),
        userId = field::Empty,
    );
    let telemetry = RequestTelemetry::start(&request, route.as_deref());
    request.extensions_mut().insert(info.clone());
    let work = AssertUnwindSafe(check_and_forward(request, next, media_types)).catch_unwind();
    let work = work.instrument(span.clone());
    let response = telemetry.span.in_span(work).await;
    // The panic hook has logged a panic.
    let response = response.unwrap_or_else(|_| Err(ApiError::internal_already_logged()));
    let response = response.into_response();
    let now = clock.now();
    let (response, code) = span.in_scope(|| finish(response, &info, now));
    telemetry.end(&response, code, now.duration_since(info.received_at));
    response
}

fn request_info(request: &Request, now: Timestamp, entropy: &impl Entropy) -> RequestInfo {
    let (from_gateway, source_ip) = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            (context.request_id.clone(), context.http.source_ip.clone())
        }
        _ => (None, None),
    };
    let id = from_gateway
        .filter(|id| CorrelationId::try_from(id.clone()).is_ok())
        .unwrap_or_else(|| format!("{:032x}", entropy.random()));
    // A repeated or invalid id is ignored, because it must not fail the request.
    let from_caller = single_header(request.headers(), &CORRELATION_ID).ok().flatten();
    let correlation_id =
        from_caller.and_then(CorrelationId::from_header).or_else(|| CorrelationId::try_from(id.clone()).ok());
    let correlation_id = correlation_id.unwrap_or_else(|| CorrelationId::generate(entropy));
    let source_ip = source_ip.unwrap_or_else(|| "unknown".to_owned());
    RequestInfo { id, correlation_id, received_at: now, source_ip }
}

/// Renders an error, adds the id headers, writes the access log.
fn finish(response: Response, info: &RequestInfo, now: Timestamp) -> (Response, Option<&'static str>) {
    let error = response.extensions().get::<ApiError>().cloned().or_else(|| router_error(&response));
    let mut response = match &error {
        Some(error) => {
            if let Some(cause) = error.cause() {
                log_cause(error, cause);
            }
            merge_headers(response.headers(), error.render(&info.id))
        }
        None => response,
    };
    let headers = response.headers_mut();
    for (name, value) in [(REQUEST_ID, info.id.as_str()), (CORRELATION_ID, info.correlation_id.as_str())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let code = error.as_ref().map(|error| error.code().as_str());
    write_access_log(response.status(), code, info, now);
    (response, code)
}

/// Keeps headers already set by inner layers on the rendered error.
fn merge_headers(headers: &HeaderMap, mut error: Response) -> Response {
    for (name, value) in headers {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            error.headers_mut().entry(name).or_insert(value.clone());
        }
    }
    error
}

/// Converts the router's own 404 and 405 into API errors.
fn router_error(response: &Response) -> Option<ApiError> {
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(ApiError::new(ErrorCode::MethodNotAllowed, "method not allowed on this resource"))
        }
        StatusCode::NOT_FOUND => Some(ApiError::not_found()),
        _ => None,
    }
}

fn log_cause(error: &ApiError, cause: &(dyn std::error::Error + Send + Sync)) {
    let chain: Vec<String> =
        std::iter::successors(cause.source(), |error| (*error).source()).map(ToString::to_string).collect();
    if error.code() == ErrorCode::InternalError {
        tracing::error!(error = %cause, causes = chain.join(": "), "request failed unexpectedly");
    } else {
        tracing::warn!(error = %cause, causes = chain.join(": "), "request failed because of a dependency");
    }
}

/// True once the function has handled a request.
static WARM: AtomicBool = AtomicBool::new(false);

fn write_access_log(status: StatusCode, code: Option<&str>, info: &RequestInfo, now: Timestamp) {
    let duration = u64::try_from(now.duration_since(info.received_at).as_millis()).unwrap_or(u64::MAX);
    let cold_start = !WARM.swap(true, Ordering::Relaxed);
    tracing::info!(status = status.as_u16(), code, durationMs = duration, coldStart = cold_start, "request");
}

/// Records the user id of the caller in the current span.
pub fn record_caller(user_id: &impl std::fmt::Display) {
    Span::current().record("userId", field::display(user_id));
}

/// Checks `Accept` and the body, then calls the router.
async fn check_and_forward(
    request: Request,
    next: Next,
    media_types: &MediaTypes,
) -> Result<Response, ApiError> {
    let Some(accept) = Accept::from_headers(request.headers()) else {
        return Ok(next.run(read_body(request).await?).await);
    };
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let produced = route.map_or(&[][..], |route| media_types.of(request.method(), route));
    if !produced.is_empty() && !produced.iter().any(|media_type| accept.allows(media_type)) {
        return Err(not_acceptable(&produced.join(" or ")));
    }
    let is_safe = request.method().is_safe();
    let response = next.run(read_body(request).await?).await;
    // A route with several media types is checked by its response, because the resource determines which it
    // has.
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match media_type.filter(|_| is_safe && response.status().is_success()) {
        Some(media_type) if !accept.allows(media_type) => Err(not_acceptable(media_type)),
        _ => Ok(response),
    }
}

fn not_acceptable(media_types: &str) -> ApiError {
    ApiError::new(ErrorCode::NotAcceptable, format!("the Accept header must allow {media_types}"))
}

/// Reads the body up to the limit and stores it in the extensions, for extractors and fingerprints.
async fn read_body(request: Request) -> Result<Request, ApiError> {
    let (mut parts, body) = request.into_parts();
    let bytes = match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(ApiError::new(ErrorCode::PayloadTooLarge, "the body is larger than 256 KiB"));
        }
        Err(error) => return Err(ApiError::internal(axum::Error::new(error))),
    };
    if !bytes.is_empty() && parts.extensions.get::<MatchedPath>().is_some() && is_encoded(&parts.headers) {
        return Err(ApiError::new(
            ErrorCode::UnsupportedContentEncoding,
            "the body must not have a Content-Encoding",
        ));
    }
    parts.extensions.insert(RawBody(bytes.clone()));
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Returns true if `Content-Encoding` contains a coding other than `identity`.
fn is_encoded(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings =
        values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_network_is_an_ipv4_address_or_an_ipv6_prefix() {
        let network = |source_ip: &str| {
            let correlation_id = CorrelationId::try_from("c".to_owned()).unwrap();
            let received_at = Timestamp::from_millis(0);
            let source_ip = source_ip.to_owned();
            RequestInfo { id: String::new(), correlation_id, received_at, source_ip }.client_network()
        };
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:DB8:1:2::1"), network("2001:db8:1:2:ffff::"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(network("unknown"), "unknown");
    }
}
