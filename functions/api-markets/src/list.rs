//! `GET /v1/markets`: markets for everybody: by status, by the beginning of their names, in an order.

use axum::extract::State;
use deserr::Deserr;
use shared::api::App;
use shared::api::sort::MarketSort;
use shared::domain::market::MarketStatus;
use shared::domain::text::Name;
use shared::http::cursor::Limit;
use shared::http::{ApiError, Cursors, FieldErrors, List, PageRequest, Query};
use shared::repository::market::{MarketList, MarketReader};

use crate::body::MarketBody;

/// Which markets, and which page of them.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
pub(crate) struct ListMarketsQuery {
    #[deserr(default)]
    status: Option<PublicStatus>,
    /// How a name begins.
    #[deserr(default)]
    search: Option<Name>,
    #[deserr(default)]
    sort: MarketSort,
    #[deserr(default)]
    limit: Option<Limit>,
    #[deserr(default)]
    cursor: Option<String>,
}

/// The statuses that everybody may ask for.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
enum PublicStatus {
    Active,
    Suspended,
    Closed,
}

impl From<PublicStatus> for MarketStatus {
    fn from(status: PublicStatus) -> Self {
        match status {
            PublicStatus::Active => Self::Active,
            PublicStatus::Suspended => Self::Suspended,
            PublicStatus::Closed => Self::Closed,
        }
    }
}

/// Lists the markets of a status; the active ones unless another is asked for.
pub(crate) async fn list_markets<S: Clone, Q: MarketReader>(
    State(app): State<App<S, Q>>,
    Query(query): Query<ListMarketsQuery>,
) -> Result<List<MarketBody>, ApiError> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let status = query.status.map_or(MarketStatus::Active, MarketStatus::from);
    let list = MarketList { status, search: query.search, order: query.sort.into() };
    let name = format!("markets {list:?}");
    let cursors = Cursors::new(&app.seal, &name, "everybody");
    let after = cursors.open(page.cursor.as_deref())?;
    let markets = app.reader.markets(&list, page.limit(), after).await?;
    let next = markets.next.map(|position| cursors.seal(&position));
    Ok(List::new(markets.items.into_iter().map(MarketBody::from).collect(), page.limit(), next))
}
