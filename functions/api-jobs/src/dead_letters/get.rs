//! `GET /v1/dead-letters/{id}`: a message that could not be processed, as it was.

use axum::extract::State;
use shared::api::permission::DeadLettersRead;
use shared::api::{AppState, RequirePermission};
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, Path, Versioned};
use shared::messaging::dead_letter::{DeadLetter, DeadLetterId};
use shared::repository::dead_letter::DeadLetterReader;
use shared::repository::user::UserReader;

use super::body::DeadLetterBody;

/// Shows the message with all that is known of it.
pub(crate) async fn get_dead_letter<S, Q>(
    State(app): State<AppState<S, Q>>,
    _: RequirePermission<DeadLettersRead>,
    Path(id): Path<DeadLetterId>,
    known: IfNoneMatch,
) -> Result<Versioned<DeadLetterBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: DeadLetterReader + UserReader,
{
    let letter = app.reader.dead_letter(id).await?.and_then(DeadLetter::not_removed);
    let letter = letter.ok_or_else(ApiError::not_found)?;
    Ok(ApiResponse::versioned(DeadLetterBody::from(letter)).not_modified_if(&known))
}
