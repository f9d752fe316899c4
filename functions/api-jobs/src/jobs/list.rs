//! `GET /v1/jobs`: the caller's own jobs.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::TimeSort;
use shared::api::with_total;
use shared::api::{AppState, Authenticated};
use shared::domain::job::JobStatus;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse, RequestInfo};
use shared::repository::job::{JobList, JobReader};

use super::body::JobBody;

/// Which jobs, in which order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListJobsQuery {
    #[deserr(default)]
    status: Option<JobStatus>,
    #[deserr(default)]
    #[schemars(default)]
    sort: TimeSort,
}

/// Lists the caller's jobs.
pub(crate) async fn list_jobs<S, Q>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    facts: RequestInfo,
    asked: ListQuery<ListJobsQuery, JobBody>,
) -> Result<ListResponse<JobBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: JobReader,
{
    let ListJobsQuery { status, sort } = asked.filter;
    let list = JobList { owner: actor.user, status, descending: sort == TimeSort::CreatedDesc };
    let (name, caller, now) = (format!("jobs {list:?}"), actor.user.to_string(), facts.received_at);
    let cursors = CursorCodec::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let jobs = with_total(app.reader.jobs(list, now, &slice), app.reader.count_jobs(list, now)).await?;
    let pagination = asked.paging.pagination(&jobs, &cursors);
    Ok(ListResponse::new(jobs.items.into_iter().map(JobBody::from).collect(), pagination)
        .with_fields(asked.fields))
}
