//! `GET /v1/search`: active markets and their active products, by similarity to a query.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::list::paging::{DEFAULT_LIMIT, Limit};
use shared::kit::http::{ApiResponse, Query};
use shared::projections::search_index::DocumentKind;
use shared::search::{QueryText, SearchQuery, Searcher};

use crate::Queries;
use crate::body::{HitBody, PUBLIC};

/// Search query.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SearchParams {
    /// Text to search for; 1 to 200 characters.
    q: QueryText,
    /// Type of the results; without it, markets and products are returned.
    #[deserr(default, rename = "type")]
    #[schemars(rename = "type")]
    kind: Option<Kind>,
    /// Maximum number of results, from 1 to 100.
    #[deserr(default)]
    limit: Option<Limit>,
}

/// Type of a search result.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum Kind {
    /// Active markets.
    Market,
    /// Active products of active markets.
    Product,
}

/// Returns the markets and products that match best.
pub(crate) async fn search(
    State(app): State<Queries>,
    Query(params): Query<SearchParams>,
) -> Result<ApiResponse<Vec<HitBody>>, ApiError> {
    let hits = Box::pin(app.reader.search(&SearchQuery::from(params))).await?;
    Ok(ApiResponse::ok(hits.into_iter().map(HitBody::from).collect()).cache_control(PUBLIC))
}

impl From<SearchParams> for SearchQuery {
    fn from(params: SearchParams) -> Self {
        let kind = params.kind.map(|kind| match kind {
            Kind::Market => DocumentKind::Market,
            Kind::Product => DocumentKind::Product,
        });
        let limit = params.limit.map_or(DEFAULT_LIMIT, u32::from);
        Self { text: params.q, kind, limit: usize::try_from(limit).unwrap_or(usize::MAX) }
    }
}
