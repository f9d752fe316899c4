//! `GET /v1/orders`: the orders that the caller placed, or those of a market.

use std::collections::HashMap;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::OrderSortParam;
use shared::api::market_access::require_market_access;
use shared::api::permission::OrdersReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::market::MarketId;
use shared::domain::order::{Order, OrderId, OrderStatus, OrderSummary};
use shared::domain::values::actor::Actor;
use shared::domain::values::period::Period;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::StoreError;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::kit::system::clock::Timestamp;
use shared::repository::order::{OrderList, OrderQuery};

use crate::body::OrderBody;
use crate::body::list_item::OrderListItem;

/// Filter and sort order of a list of orders.
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
    /// Start of the period in which the orders were placed (inclusive).
    #[deserr(default)]
    from: Option<Timestamp>,
    /// End of the period in which the orders were placed (exclusive).
    #[deserr(default)]
    to: Option<Timestamp>,
    /// Sort order: `createdAt` or `total`; prefix with `-` for descending. Default `-createdAt`. `total`
    /// sorts by minor units and is limited to 1000 matching orders.
    #[deserr(default)]
    #[schemars(default)]
    sort: OrderSortParam,
}

/// Returns a page of orders.
pub(crate) async fn list_orders(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    query: ListQuery<ListOrdersQuery, OrderListItem>,
) -> Result<ListResponse<OrderListItem>, ApiError> {
    let ListOrdersQuery { market_id, status, from, to, sort } = query.filter;
    let period = Period { from, to };
    if period.is_empty() {
        return Err(ApiError::field("to", "must be after `from`"));
    }
    let list = list_for(&actor, reads_any, market_id, &app.reader).await?;
    let orders = OrderQuery { list, status, period, sort: sort.into() };
    let (name, caller) = (format!("orders {orders:?}"), actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let page = app.reader.orders(&orders, &slice).await?;
    let pagination = query.paging.pagination(&page, &cursors);
    let with_details = query.fields.names_any_of(&OrderListItem::DETAILS);
    let items = list_items(page.items, with_details, &actor, &app.reader).await?;
    Ok(ListResponse::new(items, pagination).with_fields(query.fields))
}

/// Adds the fields that no summary has, if requested.
async fn list_items(
    orders: Vec<OrderSummary>,
    with_details: bool,
    actor: &Actor,
    reader: &DynamoReader,
) -> Result<Vec<OrderListItem>, StoreError> {
    let ids = orders.iter().map(|order| order.id).filter(|_| with_details);
    let mut details = match ids.collect::<Vec<OrderId>>().as_slice() {
        [] => HashMap::new(),
        ids => reader.by_id::<Order>(ids).await?,
    };
    let item = |order: OrderSummary| {
        let details = details.remove(&order.id).map(|order| OrderBody::for_actor(actor, order));
        OrderListItem::new(order, details)
    };
    Ok(orders.into_iter().map(item).collect())
}

/// Returns the requested list if the caller may read it.
///
/// # Errors
/// Those of [`require_market_access`].
async fn list_for(
    actor: &Actor,
    reads_any: HasPermission<OrdersReadAny>,
    market: Option<MarketId>,
    markets: &DynamoReader,
) -> Result<OrderList, ApiError> {
    let Some(id) = market else { return Ok(OrderList::OfBuyer(actor.user)) };
    require_market_access(actor, reads_any, id, markets).await?;
    Ok(OrderList::InMarket(id))
}
