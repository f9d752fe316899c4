//! `GET /v1/orders`: the caller's own orders, or those of a market that the caller runs; newest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::OrdersReadAny;
use shared::api::with_total;
use shared::api::{AppState, Authenticated, HasPermission};
use shared::domain::market::MarketId;
use shared::domain::order::OrderStatus;
use shared::domain::values::actor::Actor;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::repository::market::MarketReader;
use shared::repository::order::{OrderList, OrderReader};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::UserReader;

use crate::body::OrderBody;

/// Which orders.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListOrdersQuery {
    /// What this market sold, instead of what the caller bought.
    #[deserr(default)]
    market_id: Option<MarketId>,
    #[deserr(default)]
    status: Option<OrderStatus>,
}

/// Lists what the caller bought, or what a market sold.
pub(crate) async fn list_orders<S, Q>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    asked: ListQuery<ListOrdersQuery, OrderBody>,
) -> Result<ListResponse<OrderBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: MarketReader + OrderReader + UserReader + TotalReader,
{
    let ListOrdersQuery { market_id, status } = asked.filter;
    let list = list_for(&actor, reads_any, market_id, &app.reader).await?;
    let (name, caller) = (name_of(list, status), actor.user.to_string());
    let cursors = CursorCodec::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let total = [list.total(status)];
    let orders = with_total(app.reader.orders(list, status, &slice), app.reader.total(&total)).await?;
    let pagination = asked.paging.pagination(&orders, &cursors);
    let bodies = orders.items.into_iter().map(|order| OrderBody::for_actor(&actor, order));
    Ok(ListResponse::new(bodies.collect(), pagination).with_fields(asked.fields))
}

/// The list that is asked for, if the caller may read it. A market that others do not see is not there for them.
async fn list_for(
    actor: &Actor,
    reads_any: HasPermission<OrdersReadAny>,
    market: Option<MarketId>,
    markets: &impl MarketReader,
) -> Result<OrderList, ApiError> {
    let Some(id) = market else { return Ok(OrderList::OfBuyer(actor.user)) };
    let market = markets.market(id).await?;
    let market = market.filter(|market| market.is_visible_to(Some(actor)) || reads_any.is_held());
    let market = market.ok_or_else(ApiError::not_found)?;
    if market.is_owned_by(actor) || reads_any.is_held() {
        Ok(OrderList::InMarket(id))
    } else {
        Err(ApiError::new(ErrorCode::Forbidden, "only who runs the market reads its orders"))
    }
}

/// All that selects the items of a list.
fn name_of(list: OrderList, status: Option<OrderStatus>) -> String {
    let status = status.map_or("any status", OrderStatus::as_str);
    match list {
        OrderList::OfBuyer(_) => format!("orders of buyer {status}"),
        OrderList::InMarket(market) => format!("orders of {market} {status}"),
    }
}
