//! `GET /v1/dead-letters`: messages that could not be processed, newest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::counted;
use shared::api::permission::DeadLettersRead;
use shared::api::{App, Permitted};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{Cursors, List, ListQuery};
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
    State(app): State<App<S, Q>>,
    permitted: Permitted<DeadLettersRead>,
    asked: ListQuery<ListDeadLettersQuery, SummaryBody>,
) -> Result<List<SummaryBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: DeadLetterReader + UserReader,
{
    let ListDeadLettersQuery { queue, status } = asked.own;
    let list = DeadLetterList { queue, status };
    let (name, caller) = (format!("dead letters {list:?}"), permitted.actor.user.to_string());
    let cursors = Cursors::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let length = app.reader.dead_letters_counted(list);
    let letters = counted(app.reader.dead_letters(list, &slice), length).await?;
    let pagination = asked.paging.pagination(&letters, &cursors);
    Ok(List::new(letters.items.into_iter().map(SummaryBody::from).collect(), pagination).only(asked.fields))
}
