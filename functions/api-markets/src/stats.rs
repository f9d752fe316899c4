//! `GET /v1/markets/{id}/stats`: daily sales of a market, for its creator and callers with `markets:stats`.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::MarketsStats;
use shared::api::{Authenticated, HasPermission};
use shared::domain::access::{AccessError, require_permission};
use shared::domain::market::{Market, MarketId};
use shared::domain::values::actor::{Actor, Permission};
use shared::domain::values::date::Date;
use shared::domain::values::money::Currency;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Path, Query, RequestInfo};
use shared::projections::daily_sales::DailySales;
use shared::repository::market::MarketReader;
use shared::repository::projections::daily_sales::{MAX_DAYS, SalesReader};

use crate::Queries;
use crate::body::SumBody;

/// Period of days in UTC, both ends included.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatsQuery {
    /// First day (UTC); the default is 29 days before `to`. At most 366 days up to `to`.
    #[deserr(default)]
    from: Option<Date>,
    /// Last day (UTC), included; the default is today.
    #[deserr(default)]
    to: Option<Date>,
}

/// Default number of days.
const DEFAULT_DAYS: u32 = 30;

/// Sales of a market in a period.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "MarketStats",
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "currency": "EUR",
        "from": "2026-12-17",
        "to": "2027-01-15",
        "orders": 3,
        "volume": { "amount": 9995, "currency": "EUR" },
        "refunded": { "amount": 500, "currency": "EUR" },
        "days": [
            {
                "date": "2027-01-14",
                "orders": 2,
                "volume": { "amount": 5997, "currency": "EUR" },
                "refunded": { "amount": 0, "currency": "EUR" },
            },
            {
                "date": "2027-01-15",
                "orders": 1,
                "volume": { "amount": 3998, "currency": "EUR" },
                "refunded": { "amount": 500, "currency": "EUR" },
            },
        ],
    }]),
)]
pub(crate) struct StatsBody {
    /// Id of the market.
    market_id: MarketId,
    /// Currency of the market.
    currency: Currency,
    /// First day of the period.
    from: Date,
    /// Last day of the period, included.
    to: Date,
    /// Number of orders that were confirmed in the period.
    orders: i64,
    /// Captured amount of these orders.
    volume: SumBody,
    /// Amount of these orders that has been refunded so far.
    refunded: SumBody,
    /// Sales per day, earliest first; days without sales are omitted.
    days: Vec<DayBody>,
}

/// Sales of a market on one day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DailyStats")]
struct DayBody {
    /// Day in UTC.
    date: Date,
    /// Number of orders that were confirmed on this day.
    orders: i64,
    /// Captured amount of these orders.
    volume: SumBody,
    /// Amount of these orders that has been refunded so far.
    refunded: SumBody,
}

/// Returns the sales of a market in a period.
pub(crate) async fn get_market_stats(
    State(app): State<Queries>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<MarketsStats>,
    request: RequestInfo,
    Path(id): Path<MarketId>,
    Query(query): Query<StatsQuery>,
) -> Result<ApiResponse<StatsBody>, ApiError> {
    let (from, to) = query.days(Date::of(request.received_at))?;
    let market = readable(id, app.reader.market(id).await?, &actor, reads_any)?;
    let sales = app.reader.sales(id, from, to).await?;
    Ok(ApiResponse::ok(StatsBody::new(&market, from, to, &sales)).cache_control("private, no-cache"))
}

/// Returns the market if the caller may read its sales.
///
/// # Errors
/// 404 if the market does not exist or is not visible to the caller; 403 if it is visible but not their own.
fn readable(
    id: MarketId,
    market: Option<Market>,
    actor: &Actor,
    reads_any: HasPermission<MarketsStats>,
) -> Result<Market, ApiError> {
    let market = market.filter(|market| market.is_visible_to(Some(actor)) || reads_any.is_held());
    let market = market.ok_or(AccessError::not_found(id))?;
    let permitted = market.is_owned_by(actor) || reads_any.is_held();
    require_permission(permitted, Permission::MarketsStats)?;
    Ok(market)
}

impl StatsQuery {
    /// First and last day of the period.
    fn days(&self, today: Date) -> Result<(Date, Date), ApiError> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or_else(|| to.days_before(DEFAULT_DAYS - 1));
        let days = from.days_until(to) + 1;
        if days < 1 {
            return Err(ApiError::field("from", "must not be after `to`"));
        }
        if days > i64::from(MAX_DAYS) {
            return Err(ApiError::field("from", format!("the period must not exceed {MAX_DAYS} days")));
        }
        Ok((from, to))
    }
}

impl StatsBody {
    fn new(market: &Market, from: Date, to: Date, sales: &[DailySales]) -> Self {
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
