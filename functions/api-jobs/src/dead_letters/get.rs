//! `GET /v1/dead-letters/{id}`: returns a dead letter with its message.

use axum::extract::State;
use shared::api::permission::DeadLettersRead;
use shared::api::{QueryState, RequirePermission};
use shared::domain::access::AccessError;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, Path, Versioned};
use shared::messaging::dead_letter::{DeadLetter, DeadLetterId};

use super::body::DeadLetterBody;

/// Returns the dead letter unless its message was removed.
pub(crate) async fn get_dead_letter(
    State(app): State<QueryState>,
    _: RequirePermission<DeadLettersRead>,
    Path(id): Path<DeadLetterId>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<DeadLetterBody>, ApiError> {
    let dead_letter = app.reader.dead_letter(id).await?.and_then(DeadLetter::not_removed);
    let dead_letter = dead_letter.ok_or_else(|| AccessError::not_found(id))?;
    Ok(ApiResponse::versioned(DeadLetterBody::from(dead_letter)).not_modified_if(&if_none_match))
}
