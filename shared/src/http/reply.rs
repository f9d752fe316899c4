//! Answers that went well.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::error::ApiError;
use super::etag::{EntityTag, IfNoneMatch};
use crate::command::Executed;

/// Says that the answer was given before, to the same request.
pub const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

/// `{"data": …}` with a status and headers.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    status: StatusCode,
    body: Option<T>,
    location: Option<String>,
    tag: Option<EntityTag>,
    replayed: bool,
    cache_control: Option<&'static str>,
}

/// A body that shows a resource which has an address and versions.
pub trait Resource: Serialize {
    /// Where it stands.
    fn location(&self) -> String;
    /// The version that is shown.
    fn tag(&self) -> EntityTag;
}

impl<T: Serialize> Reply<T> {
    /// 200 with `body`.
    #[must_use]
    pub const fn ok(body: T) -> Self {
        Self::new(StatusCode::OK, Some(body))
    }

    /// 202 with `body`: it was heard, and what comes of it comes later.
    #[must_use]
    pub const fn accepted(body: T) -> Self {
        Self::new(StatusCode::ACCEPTED, Some(body))
    }

    const fn new(status: StatusCode, body: Option<T>) -> Self {
        Self { status, body, location: None, tag: None, replayed: false, cache_control: None }
    }

    /// With leave to keep it.
    #[must_use]
    pub fn cache_control(self, directive: &'static str) -> Self {
        Self { cache_control: Some(directive), ..self }
    }
}

impl<T: Resource> Reply<T> {
    /// 201 with the resource that was made, now or by the same request before.
    pub fn created(made: Executed<T>) -> Self {
        let replayed = made.is_replay();
        let body = made.into_output();
        let (location, tag) = (Some(body.location()), Some(body.tag()));
        Self { location, tag, replayed, ..Self::new(StatusCode::CREATED, Some(body)) }
    }

    /// 200 with the resource that was changed, now or by the same request before.
    pub fn changed(changed: Executed<T>) -> Self {
        let replayed = changed.is_replay();
        Self { replayed, ..Self::shown(changed.into_output()) }
    }

    /// 200 with the resource.
    pub fn shown(body: T) -> Self {
        let tag = Some(body.tag());
        Self { tag, ..Self::ok(body) }
    }

    /// 304 without a body, if the caller has this version already.
    #[must_use]
    pub fn unless(self, known: &IfNoneMatch) -> Self {
        match &self.tag {
            Some(tag) if known.has(tag) => Self { status: StatusCode::NOT_MODIFIED, body: None, ..self },
            _ => self,
        }
    }
}

impl Reply<()> {
    /// 204.
    #[must_use]
    pub const fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }
}

#[derive(Serialize)]
struct Envelope<T> {
    data: T,
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(data) => json_response(self.status, &Envelope { data }),
            None => self.status.into_response(),
        };
        let headers = response.headers_mut();
        if let Some(location) = self.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if let Some(tag) = self.tag.and_then(|tag| tag.header()) {
            headers.insert(header::ETAG, tag);
        }
        if self.replayed {
            headers.insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
        }
        if let Some(directive) = self.cache_control {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(directive));
        }
        response
    }
}

/// One page of a list: `{"data": […], "pagination": {…}}`.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    data: Vec<T>,
    pagination: Pagination,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// The most items that a page has.
    pub limit: u32,
    /// Fetches the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T: Serialize> List<T> {
    /// A page of up to `limit` items, and the cursor of the next.
    #[must_use]
    pub const fn new(data: Vec<T>, limit: u32, next_cursor: Option<String>) -> Self {
        Self { data, pagination: Pagination { limit, next_cursor } }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        json_response(StatusCode::OK, &self)
    }
}

/// A JSON body with its media type.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
