//! `GET /v1/orders/{id}`: one order, for those concerned.

use axum::extract::State;
use shared::api::permission::OrdersReadAny;
use shared::api::{App, Authenticated, May};
use shared::domain::order::{Order, OrderId};
use shared::domain::values::actor::Actor;
use shared::kit::error::ApiError;
use shared::kit::http::{IfNoneMatch, ItemQuery, Path, Reply, Shown};
use shared::repository::order::OrderReader;
use shared::repository::user::UserReader;

use crate::body::OrderBody;

/// Shows the order to its buyer, its seller, and those who may read any.
pub(crate) async fn get_order<S: Clone + Send + Sync + 'static, Q: OrderReader + UserReader>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: May<OrdersReadAny>,
    Path(id): Path<OrderId>,
    asked: ItemQuery<OrderBody>,
    known: IfNoneMatch,
) -> Result<Shown<OrderBody>, ApiError> {
    let order = app.reader.order(id).await?.filter(|order| concerns(order, &actor, reads_any));
    let order = order.ok_or_else(ApiError::not_found)?;
    Ok(Reply::shown(OrderBody::for_actor(&actor, order)).only(asked.fields).unless(&known))
}

/// Whether an order concerns the actor. If not, it is as if there were no such order.
pub(crate) fn concerns(order: &Order, actor: &Actor, reads_any: May<OrdersReadAny>) -> bool {
    order.party(actor).is_some() || reads_any.is_held()
}
