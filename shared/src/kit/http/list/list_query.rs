//! What a `GET` is asked for: parameters that every list takes, or every resource, and those of the route. All of them
//! together are a closed list, and whatever is wrong with any of them is reported at once.

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

/// A list: `T` says which, of bodies `B`, with what besides.
#[derive(Debug, Clone)]
pub struct ListQuery<T, B, R = NoRelations> {
    /// The route's own parameters.
    pub filter: T,
    /// Which page of it.
    pub paging: Paging,
    /// Which fields of each item.
    pub fields: SparseFields<B>,
    /// What besides each item.
    pub include: Include<R>,
}

/// One resource, of body `B`, with what besides.
#[derive(Debug, Clone)]
pub struct ItemQuery<B, R = NoRelations> {
    /// Which fields of it.
    pub fields: SparseFields<B>,
    /// What besides.
    pub include: Include<R>,
}

/// For routes without parameters of their own.
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
        let mut given = RawQuery::of(parts)?;
        let page = Paging::read(&mut given);
        let shape = combine(SparseFields::read(&mut given), Include::read(&mut given));
        let (own, (paging, (fields, include))) = combine(given.deserialize_rest(), combine(page, shape))?;
        Ok(Self { filter: own, paging, fields, include })
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
        let mut given = RawQuery::of(parts)?;
        let shape = combine(SparseFields::read(&mut given), Include::read(&mut given));
        let ((fields, include), NoParameters {}) = combine(shape, given.deserialize_rest())?;
        Ok(Self { fields, include })
    }
}
