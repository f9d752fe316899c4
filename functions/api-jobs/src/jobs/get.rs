//! `GET /v1/jobs/{id}`: how far a job is.

use axum::extract::State;
use shared::api::{AppState, Authenticated};
use shared::domain::job::JobId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, Path, RequestInfo, Versioned};
use shared::repository::job::JobReader;

use super::body::JobBody;
use crate::jobs::load::own_job;

/// Shows the caller's own job.
pub(crate) async fn get_job<S, Q>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    facts: RequestInfo,
    Path(id): Path<JobId>,
    known: IfNoneMatch,
) -> Result<Versioned<JobBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: JobReader,
{
    let job = own_job(&app.reader, id, &actor, facts.received_at).await?;
    Ok(ApiResponse::versioned(JobBody::from(job)).not_modified_if(&known))
}
