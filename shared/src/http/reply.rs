//! Answers that went well.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::error::ApiError;
use super::etag::{EntityTag, IfNoneMatch};
use super::projection::{Fields, Shown};
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
    fields: Fields<T>,
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
        let (location, tag, cache_control) = (None, None, None);
        Self { status, body, location, tag, replayed: false, cache_control, fields: Fields::all() }
    }

    /// With leave to keep it.
    #[must_use]
    pub fn cache_control(self, directive: &'static str) -> Self {
        Self { cache_control: Some(directive), ..self }
    }

    /// With these fields of the body. Its version stays that of the whole: the address says which fields are shown.
    #[must_use]
    pub fn only(self, fields: Fields<T>) -> Self {
        Self { fields, ..self }
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
struct Envelope<'a, T> {
    data: Shown<'a, T>,
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => json_response(self.status, &Envelope { data: self.fields.of(&body) }),
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
#[derive(Debug, Clone)]
pub struct List<T> {
    data: Vec<T>,
    pagination: Pagination,
    fields: Fields<T>,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// The page's number, if it was asked for by number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// How many items come before, if it was asked for so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// The most items that a page has.
    pub limit: u32,
    /// How many items the list has; counted a moment late.
    pub total: u64,
    /// How many pages of this length that makes, if the page was asked for by number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_pages: Option<u64>,
    /// Fetches the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T: Serialize> List<T> {
    /// A page of items.
    #[must_use]
    pub const fn new(data: Vec<T>, pagination: Pagination) -> Self {
        Self { data, pagination, fields: Fields::all() }
    }

    /// With these fields of each item.
    #[must_use]
    pub fn only(self, fields: Fields<T>) -> Self {
        Self { fields, ..self }
    }
}

#[derive(Serialize)]
struct ListEnvelope<'a, T> {
    data: Vec<Shown<'a, T>>,
    pagination: &'a Pagination,
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let data = self.data.iter().map(|item| self.fields.of(item)).collect();
        json_response(StatusCode::OK, &ListEnvelope { data, pagination: &self.pagination })
    }
}

/// A JSON body with its media type.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
