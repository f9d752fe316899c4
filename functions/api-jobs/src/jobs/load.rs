//! Whose a job is.

use shared::domain::job::{Job, JobId};
use shared::domain::values::actor::Actor;
use shared::kit::error::ApiError;
use shared::kit::system::clock::Timestamp;
use shared::repository::job::JobReader;

/// The caller's own job. Another's is answered like an absent one.
pub(super) async fn own_job(
    reader: &impl JobReader,
    id: JobId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Job, ApiError> {
    let job = reader.job(id, now).await?;
    job.filter(|job| job.owner_id == actor.user).ok_or_else(ApiError::not_found)
}
