//! `POST /v1/dead-letters/redrive`: the messages of a queue are tried again, the oldest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::JobsRedrive;
use shared::api::{AppState, IdempotencyKeyRequired, RequirePermission};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json};
use shared::messaging::dead_letter::redrive::{RedriveQueue, Redriven};
use shared::messaging::dead_letter::{DeadLetterId, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use shared::repository::dead_letter::{DeadLetterList, DeadLetterReader};
use shared::repository::user::UserReader;

/// Which messages.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RedriveQueueRequest {
    /// Those that died in this queue.
    queue: Subscriber,
}

/// What was sent, and what is left for another request.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RedriveResult")]
pub(crate) struct RedrivenBody {
    /// The letters whose messages went back to the queue: at most 25 at once.
    redriven: Vec<DeadLetterId>,
    /// How many more were dead when this was asked for.
    left: u64,
}

/// Sends the oldest dead messages back to their queue, as they were.
pub(crate) async fn redrive_queue<S: Store, Q: DeadLetterReader + UserReader>(
    State(app): State<AppState<S, Q>>,
    permitted: RequirePermission<JobsRedrive>,
    IdempotencyKeyRequired(cause): IdempotencyKeyRequired,
    Json(RedriveQueueRequest { queue }): Json<RedriveQueueRequest>,
) -> Result<ApiResponse<RedrivenBody>, ApiError> {
    let dead = DeadLetterList { queue: Some(queue), status: Some(DeadLetterStatus::Dead) };
    let waiting = app.reader.count_dead_letters(dead).await?;
    let ids = app.reader.oldest_dead(queue).await?;
    let command = RedriveQueue { ids, waiting, by: permitted.actor.user };
    Ok(ApiResponse::executed(app.store.execute(command, &cause).await?.map(RedrivenBody::from)))
}

impl From<Redriven> for RedrivenBody {
    fn from(redriven: Redriven) -> Self {
        Self { redriven: redriven.ids, left: redriven.left }
    }
}
