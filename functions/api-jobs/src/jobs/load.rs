//! Loading a job of the caller.

use shared::domain::access::AccessError;
use shared::domain::job::{Job, JobId};
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::error::ApiError;
use shared::kit::system::clock::Timestamp;

/// Loads a job of the caller.
///
/// # Errors
/// [`AccessError::NotFound`] if the job does not exist, has expired or belongs to another user.
pub(super) async fn own_job(
    reader: &DynamoReader,
    id: JobId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Job, ApiError> {
    let job = reader.job(id, now).await?;
    Ok(job.filter(|job| job.owner_id == actor.user).ok_or_else(|| AccessError::not_found(id))?)
}
