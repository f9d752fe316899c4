//! `GET /v1/dead-letters`: lists dead letters, newest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::DeadLettersRead;
use shared::api::with_total;
use shared::api::{QueryState, RequirePermission};
use shared::domain::values::text::Text;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::messaging::dead_letter::DeadLetterStatus;
use shared::messaging::event_routing::Subscriber;
use shared::repository::dead_letter::DeadLetterList;

use super::body::SummaryBody;

/// Filters of the list.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListDeadLettersQuery {
    /// Only dead letters of this queue.
    #[deserr(default)]
    queue: Option<Subscriber>,
    /// Only dead letters with this status. By default, all except `removed`.
    #[deserr(default)]
    status: Option<DeadLetterStatus>,
    /// Only dead letters whose message is about the entity with this id, for example an order.
    #[deserr(default)]
    subject: Option<Text<100>>,
}

/// Lists dead letters without their messages.
pub(crate) async fn list_dead_letters(
    State(app): State<QueryState>,
    authorized: RequirePermission<DeadLettersRead>,
    query: ListQuery<ListDeadLettersQuery, SummaryBody>,
) -> Result<ListResponse<SummaryBody>, ApiError> {
    let ListDeadLettersQuery { queue, status, subject } = query.filter;
    let list = DeadLetterList { queue, status, subject };
    let (name, caller) = (format!("dead letters {list:?}"), authorized.actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let count = app.reader.count_dead_letters(&list);
    let page = with_total(app.reader.dead_letters(&list, &slice), count).await?;
    let pagination = query.paging.pagination(&page, &cursors);
    Ok(ListResponse::new(page.items.into_iter().map(SummaryBody::from).collect(), pagination)
        .with_fields(query.fields))
}
