//! `GET /v1/jobs`: the caller's own jobs.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::counted;
use shared::api::list::sort::TimeSort;
use shared::api::{App, Authenticated};
use shared::domain::job::JobStatus;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{Cursors, List, ListQuery, RequestFacts};
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
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    facts: RequestFacts,
    asked: ListQuery<ListJobsQuery, JobBody>,
) -> Result<List<JobBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: JobReader,
{
    let ListJobsQuery { status, sort } = asked.own;
    let list = JobList { owner: actor.user, status, descending: sort == TimeSort::NewestFirst };
    let (name, caller, now) = (format!("jobs {list:?}"), actor.user.to_string(), facts.received_at);
    let cursors = Cursors::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let jobs = counted(app.reader.jobs(list, now, &slice), app.reader.jobs_counted(list, now)).await?;
    let pagination = asked.paging.pagination(&jobs, &cursors);
    Ok(List::new(jobs.items.into_iter().map(JobBody::from).collect(), pagination).only(asked.fields))
}
