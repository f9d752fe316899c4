//! `GET /v1/orders`: the orders that the caller placed, or those of a market; newest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::OrdersReadAny;
use shared::api::with_total;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::access::{AccessError, forbid_unless};
use shared::domain::market::MarketId;
use shared::domain::order::OrderStatus;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::repository::market::MarketReader;
use shared::repository::order::OrderList;
use shared::repository::projections::list_total::TotalReader;

use crate::body::OrderBody;

/// Filter of a list of orders.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListOrdersQuery {
    /// Id of a market: lists the orders of this market instead of those that the caller placed.
    #[deserr(default)]
    market_id: Option<MarketId>,
    /// Status of the orders; without it, orders of all statuses are listed.
    #[deserr(default)]
    status: Option<OrderStatus>,
}

/// Returns a page of orders.
pub(crate) async fn list_orders(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    query: ListQuery<ListOrdersQuery, OrderBody>,
) -> Result<ListResponse<OrderBody>, ApiError> {
    let ListOrdersQuery { market_id, status } = query.filter;
    let list = list_for(&actor, reads_any, market_id, &app.reader).await?;
    let (name, caller) = (name_of(list, status), actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let total = [list.total(status)];
    let orders = with_total(app.reader.orders(list, status, &slice), app.reader.total(&total)).await?;
    let pagination = query.paging.pagination(&orders, &cursors);
    let bodies = orders.items.into_iter().map(|order| OrderBody::for_actor(&actor, order));
    Ok(ListResponse::new(bodies.collect(), pagination).with_fields(query.fields))
}

/// Returns the requested list if the caller may read it.
///
/// # Errors
/// 404 if the market does not exist or is not visible to the caller; 403 if it is visible but not their own.
async fn list_for(
    actor: &Actor,
    reads_any: HasPermission<OrdersReadAny>,
    market: Option<MarketId>,
    markets: &DynamoReader,
) -> Result<OrderList, ApiError> {
    let Some(id) = market else { return Ok(OrderList::OfBuyer(actor.user)) };
    let market = markets.market(id).await?;
    let market = market.filter(|market| market.is_visible_to(Some(actor)) || reads_any.is_held());
    let market = market.ok_or(AccessError::NotFound)?;
    let permitted = market.is_owned_by(actor) || reads_any.is_held();
    forbid_unless(permitted, "only the creator of the market can list its orders")?;
    Ok(OrderList::InMarket(id))
}

/// Name of the list, with everything that selects its items. Cursors are bound to it.
fn name_of(list: OrderList, status: Option<OrderStatus>) -> String {
    let status = status.map_or("any status", Into::into);
    match list {
        OrderList::OfBuyer(_) => format!("orders of buyer {status}"),
        OrderList::InMarket(market) => format!("orders of {market} {status}"),
    }
}
