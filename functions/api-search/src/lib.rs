//! HTTP API of the search for markets and products.

mod body;
mod search;

use shared::api::QueryState;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};
use shared::search::{CachedSearch, ConfiguredEmbedder, Search};

/// State of the function.
pub(crate) type Queries = QueryState<CachedSearch<Search<ConfiguredEmbedder>>>;

/// Routes of the function.
pub fn routes<R: RouteBuilder<Queries>>(routes: R) -> R {
    routes.get("/v1/search", crate::search::search, SEARCH)
}

const SEARCH: OperationDoc = OperationDoc::new("Search markets and products").with_description(
    "Searches names, titles and descriptions of `active` markets, and of `active` products in them, and \
     returns the best matches, the most similar first. No access token is needed. A query without a \
     word to search for returns an empty list.\n\n\
     New and changed markets and products can be found a little later than they are written; results \
     can be up to 5 seconds old, and may be cached for 5 seconds more. There are no further pages: \
     increase `limit`, or refine `q`. Get the whole resource with `GET /v1/markets/{id}` or `GET \
     /v1/products/{id}`.",
);

/// Router of the function.
pub fn router(app: Queries) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}
