//! `POST /v1/dead-letters/redrive`: sends the oldest dead messages of a queue to it again.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::JobsRedrive;
use shared::api::{CommandState, IdempotencyKeyRequired, RequirePermission};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json};
use shared::messaging::dead_letter::redrive::{RedriveQueue, RedriveResult};
use shared::messaging::dead_letter::{DeadLetterId, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use shared::repository::dead_letter::DeadLetterList;

/// Queue to redrive.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "queue": "emails" }])
)]
pub(crate) struct RedriveQueueRequest {
    /// Queue whose dead letters are redriven.
    queue: Subscriber,
}

/// Result of redriving a queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "RedriveResult",
    extend("examples" = [{ "redriven": ["dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS"], "left": 12 }])
)]
pub(crate) struct RedrivenBody {
    /// Ids of the redriven dead letters; at most 25.
    redriven: Vec<DeadLetterId>,
    /// Number of dead letters of the queue that are left for further requests.
    left: u64,
}

/// Sends the oldest dead messages of the queue to it again, unchanged.
pub(crate) async fn redrive_queue(
    State(app): State<CommandState>,
    authorized: RequirePermission<JobsRedrive>,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(RedriveQueueRequest { queue }): Json<RedriveQueueRequest>,
) -> Result<ApiResponse<RedrivenBody>, ApiError> {
    let dead = DeadLetterList {
        queue: Some(queue),
        status: Some(DeadLetterStatus::Dead),
        ..DeadLetterList::default()
    };
    let waiting = app.queries.reader.count_dead_letters(&dead).await?;
    let ids = app.queries.reader.oldest_dead(queue).await?;
    let command = RedriveQueue { ids, waiting, by: authorized.actor.user };
    Ok(ApiResponse::executed(app.store.execute(command, &context).await?.map(RedrivenBody::from)))
}

impl From<RedriveResult> for RedrivenBody {
    fn from(redriven: RedriveResult) -> Self {
        Self { redriven: redriven.ids, left: redriven.left }
    }
}
