//! `GET /v1/orders/{id}`: one order, for those concerned.

use axum::extract::State;
use shared::api::permission::OrdersReadAny;
use shared::api::{AppState, Authenticated, HasPermission};
use shared::domain::order::{Order, OrderId};
use shared::domain::values::actor::Actor;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::order::OrderReader;
use shared::repository::user::UserReader;

use crate::body::OrderBody;

/// Shows the order to its buyer, its seller, and those who may read any.
pub(crate) async fn get_order<S: Clone + Send + Sync + 'static, Q: OrderReader + UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    Path(id): Path<OrderId>,
    asked: ItemQuery<OrderBody>,
    known: IfNoneMatch,
) -> Result<Versioned<OrderBody>, ApiError> {
    let order = app.reader.order(id).await?.filter(|order| can_view(order, &actor, reads_any));
    let order = order.ok_or_else(ApiError::not_found)?;
    Ok(ApiResponse::versioned(OrderBody::for_actor(&actor, order))
        .with_fields(asked.fields)
        .not_modified_if(&known))
}

/// Whether an order concerns the actor. If not, it is as if there were no such order.
pub(crate) fn can_view(order: &Order, actor: &Actor, reads_any: HasPermission<OrdersReadAny>) -> bool {
    order.party(actor).is_some() || reads_any.is_held()
}
