//! `GET /v1/search`: active markets and their active products, by what they are about.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::AppState;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::list::paging::{DEFAULT_LIMIT, Limit};
use shared::kit::http::{ApiResponse, Query};
use shared::projections::search_index::DocumentKind;
use shared::search::{QueryText, SearchQuery, Searcher};

use crate::body::{HitBody, PUBLIC};

/// What is looked for.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SearchParams {
    /// In words.
    q: QueryText,
    /// Only things of this kind.
    #[deserr(default, rename = "type")]
    #[schemars(rename = "type")]
    kind: Option<Kind>,
    /// How many at most.
    #[deserr(default)]
    limit: Option<Limit>,
}

/// The kinds that can be asked for.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
enum Kind {
    Market,
    Product,
}

/// Finds things.
pub(crate) async fn search<S: Clone, Q: Searcher>(
    State(app): State<AppState<S, Q>>,
    Query(asked): Query<SearchParams>,
) -> Result<ApiResponse<Vec<HitBody>>, ApiError> {
    let hits = app.reader.search(&SearchQuery::from(asked)).await?;
    Ok(ApiResponse::ok(hits.into_iter().map(HitBody::from).collect()).cache_control(PUBLIC))
}

impl From<SearchParams> for SearchQuery {
    fn from(asked: SearchParams) -> Self {
        let kind = asked.kind.map(|kind| match kind {
            Kind::Market => DocumentKind::Market,
            Kind::Product => DocumentKind::Product,
        });
        let limit = asked.limit.map_or(DEFAULT_LIMIT, u32::from);
        Self { wanted: asked.q, kind, limit: usize::try_from(limit).unwrap_or(usize::MAX) }
    }
}
