//! Successful responses.

pub mod etag;
pub mod file;

use std::marker::PhantomData;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::kit::command::Executed;
use crate::kit::error::ApiError;
use crate::kit::http::list::sparse_fields::{SparseFields, WithFields};
use etag::{EntityTag, IfNoneMatch};

/// Header of a response that replays the result of an earlier, identical request.
pub const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

/// `{"data": …}` with a status and headers. The type parameter `K` selects them, so that a handler's
/// signature shows its successful response.
#[derive(Debug, Clone)]
pub struct ApiResponse<T, K = Ok200> {
    body: Option<T>,
    location: Option<String>,
    tag: Option<EntityTag>,
    replayed: bool,
    not_modified: bool,
    cache_control: Option<&'static str>,
    fields: SparseFields<T>,
    kind: PhantomData<fn() -> K>,
}

/// Kind of a successful response.
pub trait ResponseKind {
    /// HTTP status.
    const STATUS: StatusCode;
    /// True if the response has a body.
    const HAS_BODY: bool = true;
    /// True if the response has an `ETag` header with the version of the resource.
    const HAS_TAG: bool = false;
    /// True if the response has a `Location` header with the address of the resource.
    const HAS_LOCATION: bool = false;
}

/// 200 OK.
#[derive(Debug, Clone, Copy)]
pub enum Ok200 {}

/// 200 OK, with the version of the resource.
#[derive(Debug, Clone, Copy)]
pub enum Ok200Versioned {}

/// 201 Created, with address and version of the resource.
#[derive(Debug, Clone, Copy)]
pub enum Created201 {}

/// 202 Accepted.
#[derive(Debug, Clone, Copy)]
pub enum Accepted202 {}

/// 202 Accepted, with address and version of the resource.
#[derive(Debug, Clone, Copy)]
pub enum Accepted202Resource {}

/// 204 No Content.
#[derive(Debug, Clone, Copy)]
pub enum NoContent204 {}

impl ResponseKind for Ok200 {
    const STATUS: StatusCode = StatusCode::OK;
}

impl ResponseKind for Ok200Versioned {
    const STATUS: StatusCode = StatusCode::OK;
    const HAS_TAG: bool = true;
}

impl ResponseKind for Created201 {
    const STATUS: StatusCode = StatusCode::CREATED;
    const HAS_TAG: bool = true;
    const HAS_LOCATION: bool = true;
}

impl ResponseKind for Accepted202 {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
}

impl ResponseKind for Accepted202Resource {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
    const HAS_TAG: bool = true;
    const HAS_LOCATION: bool = true;
}

impl ResponseKind for NoContent204 {
    const STATUS: StatusCode = StatusCode::NO_CONTENT;
    const HAS_BODY: bool = false;
}

/// Resource with its version.
pub type Versioned<T> = ApiResponse<T, Ok200Versioned>;
/// Created resource.
pub type Created<T> = ApiResponse<T, Created201>;
/// Work that continues after the response.
pub type Accepted<T> = ApiResponse<T, Accepted202>;
/// Resource that is processed after the response and can be polled.
pub type AcceptedResource<T> = ApiResponse<T, Accepted202Resource>;
/// Response without a body.
pub type NoContent = ApiResponse<(), NoContent204>;

/// Body of a resource that has an address and versions.
pub trait Resource: Serialize {
    /// Number of counters after the version in a tag of the resource; several if it can vary.
    const TAG_COUNTERS: &'static [usize] = &[0];

    /// Address of the resource.
    fn location(&self) -> String;
    /// Entity tag of the version in this body.
    fn tag(&self) -> EntityTag;
}

impl<T, K> ApiResponse<T, K> {
    const fn new(body: Option<T>) -> Self {
        Self {
            body,
            location: None,
            tag: None,
            replayed: false,
            not_modified: false,
            cache_control: None,
            fields: SparseFields::all(),
            kind: PhantomData,
        }
    }

    /// Sets `Cache-Control`.
    #[must_use]
    pub fn cache_control(self, directive: &'static str) -> Self {
        Self { cache_control: Some(directive), ..self }
    }

    /// Restricts the body to these fields. The `ETag` remains that of the whole resource, because the fields
    /// are part of the address.
    #[must_use]
    pub fn with_fields(self, fields: SparseFields<T>) -> Self {
        Self { fields, ..self }
    }
}

impl<T: Serialize> ApiResponse<T> {
    /// 200 with `body`.
    #[must_use]
    pub const fn ok(body: T) -> Self {
        Self::new(Some(body))
    }
}

impl<T: Serialize> ApiResponse<T> {
    /// 200 with the output of a command, executed now or replayed.
    pub fn executed(executed: Executed<T>) -> Self {
        let replayed = executed.is_replayed();
        Self { replayed, ..Self::ok(executed.into_output()) }
    }
}

impl<T: Serialize> Accepted<T> {
    /// 202 with `body`.
    #[must_use]
    pub const fn accepted(body: T) -> Self {
        Self::new(Some(body))
    }
}

impl<T: Resource> Created<T> {
    /// 201 with the resource that a command created, now or in an earlier, identical request.
    pub fn created(executed: Executed<T>) -> Self {
        Self::with_address(executed)
    }
}

impl<T: Resource> AcceptedResource<T> {
    /// 202 with the resource that a command created, now or in an earlier, identical request.
    pub fn accepted_resource(executed: Executed<T>) -> Self {
        Self::with_address(executed)
    }
}

impl<T: Resource, K> ApiResponse<T, K> {
    fn with_address(executed: Executed<T>) -> Self {
        let replayed = executed.is_replayed();
        let body = executed.into_output();
        let (location, tag) = (Some(body.location()), Some(body.tag()));
        Self { location, tag, replayed, ..Self::new(Some(body)) }
    }
}

impl<T: Resource> Versioned<T> {
    /// 200 with the resource that a command changed, now or in an earlier, identical request.
    pub fn updated(executed: Executed<T>) -> Self {
        let replayed = executed.is_replayed();
        Self { replayed, ..Self::versioned(executed.into_output()) }
    }

    /// 200 with the resource and its version.
    pub fn versioned(body: T) -> Self {
        let tag = Some(body.tag());
        Self { tag, ..Self::new(Some(body)) }
    }

    /// Becomes 304 if the caller already has this version. The body is kept: the middleware needs it to
    /// choose the representation, and with it the tag, and then removes it.
    #[must_use]
    pub fn not_modified_if(self, known: &IfNoneMatch) -> Self {
        let is_known = self.tag.as_ref().is_some_and(|tag| known.has(tag));
        Self { not_modified: is_known, ..self }
    }
}

impl NoContent {
    /// 204 without a body.
    #[must_use]
    pub const fn no_content() -> Self {
        Self::new(None)
    }

    /// 204 after a deletion, executed now or in an earlier, identical request.
    pub fn deleted<T>(executed: &Executed<T>) -> Self {
        Self { replayed: executed.is_replayed(), ..Self::no_content() }
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    data: WithFields<'a, T>,
}

impl<T: Serialize, K: ResponseKind> IntoResponse for ApiResponse<T, K> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => {
                let status = if self.not_modified { StatusCode::NOT_MODIFIED } else { K::STATUS };
                json_response(status, &Envelope { data: self.fields.of(&body) })
            }
            None => K::STATUS.into_response(),
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

/// Publicly cacheable body in the format of an external standard, without the `data` envelope.
#[derive(Debug, Clone)]
pub struct Unwrapped<T> {
    /// The body.
    pub body: T,
    /// Lifetime in caches.
    pub max_age: Duration,
}

impl<T: Serialize> IntoResponse for Unwrapped<T> {
    fn into_response(self) -> Response {
        let mut response = json_response(StatusCode::OK, &self.body);
        let directive = format!("public, max-age={}", self.max_age.as_secs());
        if let Ok(directive) = HeaderValue::from_str(&directive) {
            response.headers_mut().insert(header::CACHE_CONTROL, directive);
        }
        response
    }
}

/// One page of a list: `{"data": […], "pagination": {…}}`.
#[derive(Debug, Clone)]
pub struct ListResponse<T> {
    data: Vec<T>,
    pagination: Pagination,
    fields: SparseFields<T>,
}

/// Position of a page in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Number of the page; present if the request contains `page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Number of items before the page; present if the request contains `offset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Maximum number of items on the page.
    pub limit: u32,
    /// Number of items in the list. Recent changes may not be counted yet.
    pub total: u64,
    /// Number of pages of this size; present if the request contains `page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_pages: Option<u64>,
    /// Cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T: Serialize> ListResponse<T> {
    /// Creates a page of items.
    #[must_use]
    pub const fn new(data: Vec<T>, pagination: Pagination) -> Self {
        Self { data, pagination, fields: SparseFields::all() }
    }

    /// Restricts each item to these fields.
    #[must_use]
    pub fn with_fields(self, fields: SparseFields<T>) -> Self {
        Self { fields, ..self }
    }
}

#[derive(Serialize)]
struct ListEnvelope<'a, T> {
    data: Vec<WithFields<'a, T>>,
    pagination: &'a Pagination,
}

impl<T: Serialize> IntoResponse for ListResponse<T> {
    fn into_response(self) -> Response {
        let data = self.data.iter().map(|item| self.fields.of(item)).collect();
        json_response(StatusCode::OK, &ListEnvelope { data, pagination: &self.pagination })
    }
}

/// Response with a JSON body.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
