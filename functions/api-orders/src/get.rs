//! `GET /v1/orders/{id}`: one order, for those concerned.

use axum::extract::State;
use shared::api::{App, Authenticated};
use shared::domain::actor::Permission;
use shared::domain::order::{Order, OrderId};
use shared::http::{ApiError, IfNoneMatch, Path, Reply};
use shared::repository::order::OrderReader;
use shared::repository::user::UserReader;

use crate::body::OrderBody;

/// Shows the order to its buyer, its seller, and those who may read any.
pub(crate) async fn get_order<S: Clone, Q: OrderReader + UserReader>(
    State(app): State<App<S, Q>>,
    caller: Authenticated,
    Path(id): Path<OrderId>,
    known: IfNoneMatch,
) -> Result<Reply<OrderBody>, ApiError> {
    let order = app.reader.order(id).await?.ok_or_else(ApiError::not_found)?;
    concerns(&order, caller, &app.reader).await?;
    Ok(Reply::shown(OrderBody::from(order)).unless(&known))
}

/// Refuses, as if there were no such order, a caller whom it does not concern.
pub(crate) async fn concerns(
    order: &Order,
    caller: Authenticated,
    users: &impl UserReader,
) -> Result<(), ApiError> {
    let concerned =
        order.party(&caller.0).is_some() || caller.holds(Permission::OrdersReadAny, users).await?;
    if concerned { Ok(()) } else { Err(ApiError::not_found()) }
}
