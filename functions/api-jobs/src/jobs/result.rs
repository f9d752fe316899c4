//! `GET /v1/jobs/{id}/result`: what a job has made, part by part, since no answer may be larger than Lambda takes.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated};
use shared::domain::job::output::chunk::{ChunkKey, Part, parts, places};
use shared::domain::job::{Job, JobId, JobStatus};
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{CsvPart, Path, Query, RequestInfo};
use shared::repository::job::JobReader;

use crate::jobs::load::own_job;

/// Which part.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResultQuery {
    /// Its number: the first, or the one that `Link` of the part before names.
    #[deserr(default)]
    part: Option<Part>,
}

/// Answers with a part of the result.
pub(crate) async fn get_job_result<S, Q>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    facts: RequestInfo,
    Path(id): Path<JobId>,
    Query(ResultQuery { part }): Query<ResultQuery>,
) -> Result<CsvPart, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: JobReader,
{
    let job = own_job(&app.reader, id, &actor, facts.received_at).await?;
    let part = part.unwrap_or(Part::FIRST);
    let chunks = app.reader.chunks(&places_in(&job, part)?).await?;
    // What is gone by now, it was to be gone from this moment on.
    let texts: Option<Vec<String>> = chunks.into_iter().map(|chunk| Some(chunk?.text)).collect();
    let text = texts.ok_or_else(ApiError::not_found)?.concat();
    let next = part.next(job.written.chunks);
    let next = next.map(|next| format!("/v1/jobs/{id}/result?part={}", next.get()));
    Ok(CsvPart { text, name: format!("sales-{id}.csv"), next })
}

/// Where the part stands, if there is a result, and such a part of it.
fn places_in(job: &Job, part: Part) -> Result<Vec<ChunkKey>, ApiError> {
    if job.status != JobStatus::Succeeded {
        return Err(ApiError::new(ErrorCode::InvalidState, "the job has no result, or not yet"));
    }
    let places: Vec<ChunkKey> = places(job.id, part, job.written.chunks).collect();
    if places.is_empty() {
        let rule = format!("must be at most {}, the number of the last part", parts(job.written.chunks));
        return Err(ApiError::field("part", rule));
    }
    Ok(places)
}
