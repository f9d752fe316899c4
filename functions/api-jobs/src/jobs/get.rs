//! `GET /v1/jobs/{id}`: how far a job is.

use axum::extract::State;
use shared::api::{App, Authenticated};
use shared::domain::job::JobId;
use shared::kit::error::ApiError;
use shared::kit::http::{IfNoneMatch, Path, Reply, RequestFacts, Shown};
use shared::repository::job::JobReader;

use super::body::JobBody;
use crate::jobs::load::own_job;

/// Shows the caller's own job.
pub(crate) async fn get_job<S, Q>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    facts: RequestFacts,
    Path(id): Path<JobId>,
    known: IfNoneMatch,
) -> Result<Shown<JobBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: JobReader,
{
    let job = own_job(&app.reader, id, &actor, facts.received_at).await?;
    Ok(Reply::shown(JobBody::from(job)).unless(&known))
}
