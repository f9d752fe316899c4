//! Representations of a response: gzip for callers that accept it, with an entity tag of its own.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::kit::error::ApiError;
use crate::kit::http::response::etag::gzip_tag;

/// Responses larger than this, in bytes, are compressed for callers that accept gzip.
const COMPRESSION_THRESHOLD: u16 = 1024;

/// Wraps `router`: compresses responses and sets `Vary: Accept-Encoding`. The response to `HEAD` has the
/// headers of the response to `GET`, including `Content-Length`, and no body (RFC 9110, section 9.3.2).
pub(super) fn layer(router: Router) -> Router {
    router
        .layer(CompressionLayer::new().gzip(true).compress_when(SizeAbove::new(COMPRESSION_THRESHOLD)))
        .layer(from_fn(async |request: Request, next: Next| {
            let is_head = request.method() == Method::HEAD;
            finish(next.run(request).await, is_head).await
        }))
}

/// Sets the entity tag of the representation and its length, for which the body is read completely.
///
/// A 304 arrives with the body of the 200 that it replaces, so that the compression layer decides as for the
/// 200 and the tag is the same. The body is removed here before any of it is compressed.
async fn finish(response: Response, is_head: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let is_compressed = parts.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    if let Some(tag) = parts.headers.get(ETAG).filter(|_| is_compressed).and_then(gzip_tag) {
        parts.headers.insert(ETAG, tag);
    }
    if matches!(parts.status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT) {
        for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH] {
            parts.headers.remove(name);
        }
        // The length of a stream is unknown, so the router sets no Content-Length, which would be wrong
        // (RFC 9110, section 8.6).
        let empty = stream::empty::<Result<Bytes, axum::Error>>();
        return Response::from_parts(parts, Body::from_stream(empty));
    }
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            Response::from_parts(parts, if is_head { Body::empty() } else { Body::from(bytes) })
        }
        Err(error) => ApiError::internal(error).into_response(),
    }
}
