//! `GET /v1/orders`: the caller's own orders, newest first.

use axum::extract::State;
use deserr::Deserr;
use shared::api::{App, Authenticated};
use shared::http::cursor::Limit;
use shared::http::{ApiError, Cursors, FieldErrors, List, PageRequest, Query};
use shared::repository::order::OrderReader;

use crate::body::OrderBody;

/// Which page.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
pub(crate) struct ListOrdersQuery {
    #[deserr(default)]
    limit: Option<Limit>,
    #[deserr(default)]
    cursor: Option<String>,
}

/// Lists what the caller bought.
pub(crate) async fn list_orders<S: Clone, Q: OrderReader>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    Query(query): Query<ListOrdersQuery>,
) -> Result<List<OrderBody>, ApiError> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let caller = actor.user.to_string();
    let cursors = Cursors::new(&app.seal, "orders of buyer", &caller);
    let after = cursors.open(page.cursor.as_deref())?;
    let orders = app.reader.orders_of(actor.user, page.limit(), after).await?;
    let next = orders.next.map(|position| cursors.seal(&position));
    Ok(List::new(orders.items.into_iter().map(OrderBody::from).collect(), page.limit(), next))
}
