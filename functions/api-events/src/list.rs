//! `GET /v1/events`: lists the events of a market, of the platform or of a resource.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::EventsReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::access::AccessError;
use shared::domain::market::MarketId;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::read::event_log::EventList;
use shared::kit::command::read_set::parsed_or_reported;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::list::paging::Limit;
use shared::kit::http::{CursorCodec, ListResponse, Paging, Query};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::messaging::event_catalogue::{EventSubject, EventType};
use shared::repository::market::MarketReader;
use shared::repository::table_layout::sorted_list::ListError;

use crate::body::EventBody;

/// Filter and page of the list.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListEventsQuery {
    /// Market of the events; required without the permission `events:read-any`.
    #[deserr(default)]
    market_id: Option<MarketId>,
    /// Only events of this type.
    #[deserr(default, rename = "type")]
    #[schemars(rename = "type")]
    event_type: Option<EventType>,
    /// Only events of the resource with this id.
    #[deserr(default)]
    subject: Option<EventSubject>,
    /// Only events at this time or later.
    #[deserr(default)]
    after: Option<Timestamp>,
    /// Only events before this time.
    #[deserr(default)]
    before: Option<Timestamp>,
    /// Maximum number of events, from 1 to 100.
    #[deserr(default)]
    limit: Option<Limit>,
    /// `nextCursor` of the previous page.
    #[deserr(default)]
    cursor: Option<String>,
}

/// Lists events to the seller of their market, and to callers with the permission.
pub(crate) async fn list_events(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    read_any: HasPermission<EventsReadAny>,
    Query(query): Query<ListEventsQuery>,
) -> Result<ListResponse<EventBody>, ApiError> {
    if !read_any.is_held() {
        require_own_market(&app, &actor, query.market_id).await?;
    }
    let (list, paging) = query.into_list();
    let (name, caller) = (format!("events {list:?}"), actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = paging.slice(&cursors)?;
    let page = app.reader.logged_events(&list, SystemClock.now(), &slice).await.map_err(ListError::from)?;
    let page = page.with_total(0);
    let pagination = paging.pagination(&page, &cursors);
    let events = page.items.into_iter().filter_map(|event| parsed_or_reported(EventBody::try_from(event)));
    Ok(ListResponse::new(events.collect(), pagination))
}

/// Requires that the request names a market of the caller.
async fn require_own_market(
    app: &QueryState,
    actor: &Actor,
    market: Option<MarketId>,
) -> Result<(), ApiError> {
    let id = market
        .ok_or_else(|| ApiError::field("marketId", "is required without the permission events:read-any"))?;
    let found = app.reader.market(id).await?.filter(|market| market.is_owned_by(actor));
    found.map(drop).ok_or_else(|| AccessError::not_found(id).into())
}

impl ListEventsQuery {
    /// Splits the query into the list and the page.
    fn into_list(self) -> (EventList, Paging) {
        let list = EventList {
            scope: self.market_id.map(|market| market.to_string()),
            subject: self.subject.map(|subject| subject.to_string()),
            event_type: self.event_type.map(|event_type| event_type.to_string()),
            after: self.after,
            before: self.before,
        };
        (list, Paging { limit: self.limit, cursor: self.cursor, ..Paging::default() })
    }
}
