//! `GET /v1/jobs/{id}`: returns a job.

use axum::extract::State;
use shared::api::{Authenticated, QueryState};
use shared::domain::job::JobId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, Path, RequestInfo, Versioned};

use super::body::JobBody;
use crate::jobs::load::own_job;

/// Returns a job of the caller.
pub(crate) async fn get_job(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    info: RequestInfo,
    Path(id): Path<JobId>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<JobBody>, ApiError> {
    let job = own_job(&app.reader, id, &actor, info.received_at).await?;
    Ok(ApiResponse::versioned(JobBody::from(job)).not_modified_if(&if_none_match))
}
