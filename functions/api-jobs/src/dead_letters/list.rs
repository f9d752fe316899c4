//! `GET /v1/dead-letters`: messages that could not be processed, newest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::DeadLettersRead;
use shared::api::with_total;
use shared::api::{AppState, RequirePermission};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::messaging::dead_letter::DeadLetterStatus;
use shared::messaging::event_routing::Subscriber;
use shared::repository::dead_letter::{DeadLetterList, DeadLetterReader};
use shared::repository::user::UserReader;

use super::body::SummaryBody;

/// Which messages.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListDeadLettersQuery {
    /// Those of this queue.
    #[deserr(default)]
    queue: Option<Subscriber>,
    /// Those of this status; without it, all but those that were removed.
    #[deserr(default)]
    status: Option<DeadLetterStatus>,
}

/// Lists messages that could not be processed.
pub(crate) async fn list_dead_letters<S, Q>(
    State(app): State<AppState<S, Q>>,
    permitted: RequirePermission<DeadLettersRead>,
    asked: ListQuery<ListDeadLettersQuery, SummaryBody>,
) -> Result<ListResponse<SummaryBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: DeadLetterReader + UserReader,
{
    let ListDeadLettersQuery { queue, status } = asked.filter;
    let list = DeadLetterList { queue, status };
    let (name, caller) = (format!("dead letters {list:?}"), permitted.actor.user.to_string());
    let cursors = CursorCodec::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let length = app.reader.count_dead_letters(list);
    let letters = with_total(app.reader.dead_letters(list, &slice), length).await?;
    let pagination = asked.paging.pagination(&letters, &cursors);
    Ok(ListResponse::new(letters.items.into_iter().map(SummaryBody::from).collect(), pagination)
        .with_fields(asked.fields))
}
