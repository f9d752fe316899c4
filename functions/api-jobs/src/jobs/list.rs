//! `GET /v1/jobs`: lists the caller's own jobs.

use std::collections::HashMap;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::list::sort::TimeSort;
use shared::api::with_total;
use shared::api::{Authenticated, QueryState};
use shared::domain::job::{Job, JobId, JobStatus, JobSummary};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse, RequestInfo};
use shared::repository::job::JobList;

use super::list_item::JobListItem;

/// Filter and sort order of the list.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListJobsQuery {
    /// Only jobs with this status.
    #[deserr(default)]
    status: Option<JobStatus>,
    /// Sort order: `createdAt`, or `-createdAt` for newest first. Default `-createdAt`.
    #[deserr(default)]
    #[schemars(default)]
    sort: TimeSort,
}

/// Lists the caller's jobs.
pub(crate) async fn list_jobs(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    info: RequestInfo,
    query: ListQuery<ListJobsQuery, JobListItem>,
) -> Result<ListResponse<JobListItem>, ApiError> {
    let ListJobsQuery { status, sort } = query.filter;
    let list = JobList { owner: actor.user, status, descending: sort == TimeSort::CreatedDesc };
    let (name, caller, now) = (format!("jobs {list:?}"), actor.user.to_string(), info.received_at);
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let page = with_total(app.reader.jobs(list, now, &slice), app.reader.count_jobs(list, now)).await?;
    let pagination = query.paging.pagination(&page, &cursors);
    let details = if query.fields.names_any_of(&JobListItem::DETAILS) {
        let ids: Vec<JobId> = page.items.iter().map(|job| job.id).collect();
        app.reader.by_id::<Job>(&ids).await?
    } else {
        HashMap::new()
    };
    let item = |job: JobSummary| {
        let details = details.get(&job.id);
        JobListItem::new(job, details)
    };
    Ok(ListResponse::new(page.items.into_iter().map(item).collect(), pagination).with_fields(query.fields))
}
