//! Answers that went well.

pub mod csv;
pub mod etag;

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

/// Says that the answer was given before, to the same request.
pub const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

/// `{"data": …}` with a status and headers. Its second parameter says which: what a handler answers when all goes well can
/// be read off its signature.
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

/// A kind of answer.
pub trait Kind {
    /// Its status.
    const STATUS: StatusCode;
    /// Whether it says which version it shows, in `ETag`.
    const HAS_TAG: bool = false;
    /// Whether it says where the resource stands, in `Location`.
    const HAS_LOCATION: bool = false;
}

/// 200.
#[derive(Debug, Clone, Copy)]
pub enum Ok200 {}

/// 200, with the version that is shown.
#[derive(Debug, Clone, Copy)]
pub enum Ok200Versioned {}

/// 201, with the place and the version of what was made.
#[derive(Debug, Clone, Copy)]
pub enum Created201 {}

/// 202: it was heard, and what comes of it comes later.
#[derive(Debug, Clone, Copy)]
pub enum Accepted202 {}

/// 202, with the place and the version of what goes on.
#[derive(Debug, Clone, Copy)]
pub enum Accepted202Resource {}

/// 204.
#[derive(Debug, Clone, Copy)]
pub enum NoContent204 {}

impl Kind for Ok200 {
    const STATUS: StatusCode = StatusCode::OK;
}

impl Kind for Ok200Versioned {
    const STATUS: StatusCode = StatusCode::OK;
    const HAS_TAG: bool = true;
}

impl Kind for Created201 {
    const STATUS: StatusCode = StatusCode::CREATED;
    const HAS_TAG: bool = true;
    const HAS_LOCATION: bool = true;
}

impl Kind for Accepted202 {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
}

impl Kind for Accepted202Resource {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
    const HAS_TAG: bool = true;
    const HAS_LOCATION: bool = true;
}

impl Kind for NoContent204 {
    const STATUS: StatusCode = StatusCode::NO_CONTENT;
}

/// A resource, as it is.
pub type Versioned<T> = ApiResponse<T, Ok200Versioned>;
/// A resource that was made.
pub type Created<T> = ApiResponse<T, Created201>;
/// Something that goes on after the answer.
pub type Accepted<T> = ApiResponse<T, Accepted202>;
/// A resource that goes on after the answer, and can be watched.
pub type AcceptedResource<T> = ApiResponse<T, Accepted202Resource>;
/// Nothing more to say.
pub type NoContent = ApiResponse<(), NoContent204>;

/// A body that shows a resource which has an address and versions.
pub trait Resource: Serialize {
    /// Where it stands.
    fn location(&self) -> String;
    /// The version that is shown.
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

    /// With leave to keep it.
    #[must_use]
    pub fn cache_control(self, directive: &'static str) -> Self {
        Self { cache_control: Some(directive), ..self }
    }

    /// With these fields of the body. Its version stays that of the whole: the address says which fields are shown.
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
    /// 200 with what was done, now or by the same request before.
    pub fn executed(done: Executed<T>) -> Self {
        let replayed = done.is_replayed();
        Self { replayed, ..Self::ok(done.into_output()) }
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
    /// 201 with the resource that was made, now or by the same request before.
    pub fn created(made: Executed<T>) -> Self {
        Self::made(made)
    }
}

impl<T: Resource> AcceptedResource<T> {
    /// 202 with the resource that was begun, now or by the same request before.
    pub fn accepted_resource(begun: Executed<T>) -> Self {
        Self::made(begun)
    }
}

impl<T: Resource, K> ApiResponse<T, K> {
    fn made(made: Executed<T>) -> Self {
        let replayed = made.is_replayed();
        let body = made.into_output();
        let (location, tag) = (Some(body.location()), Some(body.tag()));
        Self { location, tag, replayed, ..Self::new(Some(body)) }
    }
}

impl<T: Resource> Versioned<T> {
    /// 200 with the resource that was changed, now or by the same request before.
    pub fn updated(changed: Executed<T>) -> Self {
        let replayed = changed.is_replayed();
        Self { replayed, ..Self::versioned(changed.into_output()) }
    }

    /// 200 with the resource.
    pub fn versioned(body: T) -> Self {
        let tag = Some(body.tag());
        Self { tag, ..Self::new(Some(body)) }
    }

    /// 304 without a body, if the caller has this version already.
    #[must_use]
    pub fn not_modified_if(self, known: &IfNoneMatch) -> Self {
        let is_known = self.tag.as_ref().is_some_and(|tag| known.has(tag));
        Self { not_modified: is_known, ..self }
    }
}

impl NoContent {
    /// 204.
    #[must_use]
    pub const fn no_content() -> Self {
        Self::new(None)
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    data: WithFields<'a, T>,
}

impl<T: Serialize, K: Kind> IntoResponse for ApiResponse<T, K> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            _ if self.not_modified => StatusCode::NOT_MODIFIED.into_response(),
            Some(body) => json_response(K::STATUS, &Envelope { data: self.fields.of(&body) }),
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

/// A body without an envelope, as a standard has it, that anybody may keep for a while.
#[derive(Debug, Clone)]
pub struct Unwrapped<T> {
    /// The body.
    pub body: T,
    /// For how long.
    pub max_age: Duration,
}

impl<T: Serialize> IntoResponse for Unwrapped<T> {
    fn into_response(self) -> Response {
        let mut response = json_response(StatusCode::OK, &self.body);
        let kept = format!("public, max-age={}", self.max_age.as_secs());
        if let Ok(kept) = HeaderValue::from_str(&kept) {
            response.headers_mut().insert(header::CACHE_CONTROL, kept);
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

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
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

impl<T: Serialize> ListResponse<T> {
    /// A page of items.
    #[must_use]
    pub const fn new(data: Vec<T>, pagination: Pagination) -> Self {
        Self { data, pagination, fields: SparseFields::all() }
    }

    /// With these fields of each item.
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

/// A JSON body with its media type.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
