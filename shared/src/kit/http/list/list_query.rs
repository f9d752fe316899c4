//! Queries of `GET` routes: the parameters common to all lists or all resources, and those of the route.
//! Together they form a closed list, and all invalid parameters are reported together.

use axum::extract::FromRequestParts;
use deserr::Deserr;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::include::{Include, NoRelations, Relation};
use super::paging::Paging;
use crate::kit::error::ApiError;
use crate::kit::error::field_errors::{FieldErrors, combine};
use crate::kit::http::list::sparse_fields::SparseFields;
use crate::kit::http::request::query::RawQuery;

/// Query of a list endpoint: filters `T`, page, sparse fields of `B`, and `include`.
#[derive(Debug, Clone)]
pub struct ListQuery<T, B, R = NoRelations> {
    /// Parameters of the route.
    pub filter: T,
    /// Requested page.
    pub paging: Paging,
    /// Requested fields of each item.
    pub fields: SparseFields<B>,
    /// Related resources to include with each item.
    pub include: Include<R>,
}

/// Query of a single resource: sparse fields of `B`, and `include`.
#[derive(Debug, Clone)]
pub struct ItemQuery<B, R = NoRelations> {
    /// Requested fields.
    pub fields: SparseFields<B>,
    /// Related resources to include.
    pub include: Include<R>,
}

/// Filters of a route that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub struct NoParameters {}

impl<S, T, B, R> FromRequestParts<S> for ListQuery<T, B, R>
where
    S: Send + Sync,
    T: Deserr<FieldErrors>,
    B: DeserializeOwned,
    R: Relation,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut query = RawQuery::of(parts)?;
        let paging = Paging::read(&mut query);
        let shape = combine(SparseFields::read(&mut query), Include::read(&mut query));
        let (filter, (paging, (fields, include))) =
            combine(query.deserialize_rest(), combine(paging, shape))?;
        Ok(Self { filter, paging, fields, include })
    }
}

impl<S, B, R> FromRequestParts<S> for ItemQuery<B, R>
where
    S: Send + Sync,
    B: DeserializeOwned,
    R: Relation,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut query = RawQuery::of(parts)?;
        let shape = combine(SparseFields::read(&mut query), Include::read(&mut query));
        let ((fields, include), NoParameters {}) = combine(shape, query.deserialize_rest())?;
        Ok(Self { fields, include })
    }
}
