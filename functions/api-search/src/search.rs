//! `GET /v1/search`: active markets and their active products, by what they are about.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::App;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::list::paging::{DEFAULT_LIMIT, Limit};
use shared::kit::http::{Query, Reply};
use shared::projections::search_index::DocumentKind;
use shared::search::{Question, Searcher, Wanted};

use crate::body::{HitBody, PUBLIC};

/// What is looked for.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SearchQuery {
    /// In words.
    q: Wanted,
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
pub(crate) async fn find_things<S: Clone, Q: Searcher>(
    State(app): State<App<S, Q>>,
    Query(asked): Query<SearchQuery>,
) -> Result<Reply<Vec<HitBody>>, ApiError> {
    let hits = app.reader.search(&Question::from(asked)).await?;
    Ok(Reply::ok(hits.into_iter().map(HitBody::from).collect()).cache_control(PUBLIC))
}

impl From<SearchQuery> for Question {
    fn from(asked: SearchQuery) -> Self {
        let kind = asked.kind.map(|kind| match kind {
            Kind::Market => DocumentKind::Market,
            Kind::Product => DocumentKind::Product,
        });
        let limit = asked.limit.map_or(DEFAULT_LIMIT, u32::from);
        Self { wanted: asked.q, kind, limit: usize::try_from(limit).unwrap_or(usize::MAX) }
    }
}
