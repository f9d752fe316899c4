//! HTTP API of the event log.

mod body;
mod list;

use shared::api::QueryState;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};

/// Routes of the function.
pub fn routes<R: RouteBuilder<QueryState>>(routes: R) -> R {
    routes.get("/v1/events", list::list_events, LIST)
}

const LIST: OperationDoc = OperationDoc::new("List events").with_description(
    "Lists the events of a market, of the platform, or of one resource, newest first. Every change of an order, \
     payment, product, market, account, job and dead letter has an event, which is listed shortly after the \
     change and kept for the retention that the operator has set, 30 days by default. The section `webhooks` of \
     this document lists all types with their data.\n\n\
     A seller lists the events of an own market with `marketId`, which is then required; for the market of \
     another seller, and for a deleted one, the response is `NOT_FOUND`. Callers with the permission \
     `events:read-any` (moderators and administrators) list those of any market. Without `marketId` and \
     `subject`, they get the events of the platform: those of accounts, jobs and dead letters.\n\n\
     `id` is unique and permanent: it consists of `subject` and `sequence`. The events of a subject have \
     consecutive sequences, so that a client can order them and notice a missing one. Only the redrive of a \
     dead letter is not listed. An event is listed once its subscribers have received it, which can be later \
     than a newer event is. A client that polls with `after` should therefore let the periods overlap, and \
     ignore the ids that it knows.\n\n\
     The list is read by `cursor` only. A page reads a limited number of events and of days: it can have fewer \
     events than `limit`, or none, and still have a next one, so continue until `nextCursor` is absent. \
     `pagination.total` counts the events of the page.",
)
.with_errors(&[ErrorCode::InvalidCursor, ErrorCode::NotFound]);

/// Router of the function.
pub fn router(app: QueryState) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}
