//! `GET /v1/orders/{id}`: one order, for its buyer, its seller and callers with `orders:read-any`.

use axum::extract::State;
use shared::api::permission::OrdersReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::access::AccessError;
use shared::domain::order::{Order, OrderId};
use shared::domain::values::actor::Actor;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, RequestInfo, Versioned};

use crate::body::OrderBody;

/// Returns the order.
pub(crate) async fn get_order(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    request: RequestInfo,
    Path(id): Path<OrderId>,
    query: ItemQuery<OrderBody>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<OrderBody>, ApiError> {
    let (order, address) = app.reader.order_with_address(id).await?;
    let order = order.filter(|order| can_view(order, &actor, reads_any));
    let order = order.ok_or_else(|| AccessError::not_found(id))?;
    let address = address.filter(|address| request.received_at < address.kept_until(&order));
    Ok(ApiResponse::versioned(OrderBody::for_actor(&actor, order).with_address(address))
        .with_fields(query.fields)
        .not_modified_if(&if_none_match))
}

/// Returns true if the actor may read the order. Other callers get 404, as for an order that does not exist.
pub(crate) fn can_view(order: &Order, actor: &Actor, reads_any: HasPermission<OrdersReadAny>) -> bool {
    order.party(actor).is_some() || reads_any.is_held()
}
