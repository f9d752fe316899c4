//! `GET /v1/jobs/{id}/result`: returns the result of a job in parts, because of Lambda's response size limit.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, QueryState};
use shared::domain::access::AccessError;
use shared::domain::job::job_type::JobType;
use shared::domain::job::output::chunk::{ChunkKey, Part, chunk_keys, parts};
use shared::domain::job::{Job, JobId, JobStatus};
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{FileFormat, FilePart, Path, Query, RequestInfo};

use crate::jobs::load::own_job;

/// Part to return.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResultQuery {
    /// Number of the part. By default 1; the `Link` header of each part contains the address of the next.
    #[deserr(default)]
    part: Option<Part>,
}

/// Returns a part of the result.
pub(crate) async fn get_job_result(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    info: RequestInfo,
    Path(id): Path<JobId>,
    Query(ResultQuery { part }): Query<ResultQuery>,
) -> Result<FilePart, ApiError> {
    let job = own_job(&app.reader, id, &actor, info.received_at).await?;
    let (format, name) = file(job.work.kind())?;
    let part = part.unwrap_or(Part::FIRST);
    let chunks = app.reader.chunks(&keys_of_part(&job, part)?).await?;
    // A missing chunk has expired since the job was loaded.
    let texts: Option<Vec<String>> = chunks.into_iter().map(|chunk| Some(chunk?.text)).collect();
    let text = texts.ok_or_else(|| AccessError::not_found(id))?.concat();
    let next = part.next(job.output.chunks);
    let next = next.map(|next| format!("/v1/jobs/{id}/result?part={}", next.get()));
    Ok(FilePart { format, text, name: format!("{name}-{id}"), next })
}

/// Format and name of the result of a job type.
///
/// # Errors
/// [`ErrorCode::InvalidState`] if jobs of the type have no result.
fn file(job_type: JobType) -> Result<(FileFormat, &'static str), ApiError> {
    match job_type {
        JobType::SalesReport => Ok((FileFormat::Csv, "sales")),
        JobType::DataExport => Ok((FileFormat::JsonLines, "export")),
        JobType::Reindex => {
            Err(ApiError::new(ErrorCode::InvalidState, "a reindex has no result to download"))
        }
    }
}

/// Keys of the chunks of a part.
///
/// # Errors
/// [`ErrorCode::InvalidState`] if the job has not succeeded; [`ErrorCode::ValidationError`] if there is no
/// such part.
fn keys_of_part(job: &Job, part: Part) -> Result<Vec<ChunkKey>, ApiError> {
    if job.status != JobStatus::Succeeded {
        let message = format!("job {} has no result: it has not succeeded", job.id);
        return Err(ApiError::new(ErrorCode::InvalidState, message));
    }
    let keys: Vec<ChunkKey> = chunk_keys(job.id, part, job.output.chunks).collect();
    if keys.is_empty() {
        let rule = format!("must be at most {}, the number of the last part", parts(job.output.chunks));
        return Err(ApiError::field("part", rule));
    }
    Ok(keys)
}
