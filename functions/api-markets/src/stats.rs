//! `GET /v1/markets/{id}/stats`: what a market sold, day by day, for its creator and those who may read any market's.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::MarketsStats;
use shared::api::{AppState, Authenticated, HasPermission};
use shared::domain::market::{Market, MarketId};
use shared::domain::values::actor::Actor;
use shared::domain::values::date::Date;
use shared::domain::values::money::Currency;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Path, Query, RequestInfo};
use shared::projections::daily_sales::DailySales;
use shared::repository::market::MarketReader;
use shared::repository::projections::daily_sales::{MAX_DAYS, SalesReader};
use shared::repository::user::UserReader;

use crate::body::SumBody;

/// Which days, both included, in UTC.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatsQuery {
    /// The first; 29 days before the last, unless it is given.
    #[deserr(default)]
    from: Option<Date>,
    /// The last; today, unless it is given.
    #[deserr(default)]
    to: Option<Date>,
}

/// How many days there are in the answer, unless the caller says otherwise.
const DEFAULT_DAYS: u32 = 30;

/// What a market sold.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketStats")]
pub(crate) struct StatsBody {
    market_id: MarketId,
    currency: Currency,
    from: Date,
    to: Date,
    /// How many orders were confirmed on these days.
    orders: i64,
    /// What was captured for them.
    volume: SumBody,
    /// What of that went back since.
    refunded: SumBody,
    /// Only those on which something was sold.
    days: Vec<DayBody>,
}

/// What a market sold on a day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DailyStats")]
struct DayBody {
    date: Date,
    orders: i64,
    volume: SumBody,
    refunded: SumBody,
}

/// Shows what a market sold.
pub(crate) async fn get_market_stats<S, Q: MarketReader + SalesReader + UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<MarketsStats>,
    facts: RequestInfo,
    Path(id): Path<MarketId>,
    Query(query): Query<StatsQuery>,
) -> Result<ApiResponse<StatsBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
{
    let (from, to) = query.days(Date::of(facts.received_at))?;
    let market = readable(app.reader.market(id).await?, &actor, reads_any)?;
    let sales = app.reader.sales(id, from, to).await?;
    Ok(ApiResponse::ok(StatsBody::new(&market, (from, to), &sales)).cache_control("private, no-cache"))
}

/// The market, if the caller may read what it sold. One that others do not see is not there for them.
fn readable(
    market: Option<Market>,
    actor: &Actor,
    reads_any: HasPermission<MarketsStats>,
) -> Result<Market, ApiError> {
    let market = market.filter(|market| market.is_visible_to(Some(actor)) || reads_any.is_held());
    let market = market.ok_or_else(ApiError::not_found)?;
    if market.is_owned_by(actor) || reads_any.is_held() {
        Ok(market)
    } else {
        Err(ApiError::new(ErrorCode::Forbidden, "only who runs the market reads what it sold"))
    }
}

impl StatsQuery {
    /// The first and the last day.
    fn days(&self, today: Date) -> Result<(Date, Date), ApiError> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or_else(|| to.days_before(DEFAULT_DAYS - 1));
        let days = from.days_until(to) + 1;
        if days < 1 {
            return Err(ApiError::field("from", "must not be after the last day"));
        }
        if days > i64::from(MAX_DAYS) {
            return Err(ApiError::field(
                "from",
                format!("must be at most {MAX_DAYS} days up to the last day"),
            ));
        }
        Ok((from, to))
    }
}

impl StatsBody {
    fn new(market: &Market, (from, to): (Date, Date), sales: &[DailySales]) -> Self {
        let sum = |amount: fn(&DailySales) -> i64| sales.iter().map(amount).sum::<i64>();
        let money = |amount| SumBody { amount, currency: market.currency };
        let day = |day: &DailySales| DayBody {
            date: day.date,
            orders: day.orders,
            volume: money(day.volume),
            refunded: money(day.refunded),
        };
        Self {
            market_id: market.id,
            currency: market.currency,
            from,
            to,
            orders: sum(|day| day.orders),
            volume: money(sum(|day| day.volume)),
            refunded: money(sum(|day| day.refunded)),
            days: sales.iter().map(day).collect(),
        }
    }
}
