//! What goes on behind the API, over HTTP: jobs, asked for and watched; messages that could not be processed, to be read and
//! tried again.

mod dead_letters;
mod jobs;

use axum::{Extension, Router};
use shared::api::AppState;
use shared::domain::job::output::retention::Retention;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{OperationDoc, RouteBuilder};
use shared::repository::dead_letter::DeadLetterReader;
use shared::repository::job::JobReader;
use shared::repository::user::UserReader;

use dead_letters::{delete, get, list, redrive, redrive_queue};

/// The routes of jobs.
pub fn job_routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: JobReader + UserReader,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes
        .post("/v1/jobs", crate::jobs::create::create_job, REQUEST)
        .get("/v1/jobs", jobs::list::list_jobs, "List your jobs")
        .get("/v1/jobs/{id}", jobs::get::get_job, "Show a job")
        .get("/v1/jobs/{id}/result", jobs::result::get_job_result, RESULT)
        .post("/v1/jobs/{id}/cancel", jobs::cancel::cancel_job, CANCEL)
        .post("/v1/jobs/{id}/retry", jobs::retry::retry_job, RETRY)
}

const REQUEST: OperationDoc = OperationDoc::new("Ask for a long report, now or later")
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::NotFound]);
const RESULT: OperationDoc =
    OperationDoc::new("Fetch what a job has made, part by part").with_errors(&[ErrorCode::InvalidState]);
const CANCEL: OperationDoc = OperationDoc::new("Call a job off").with_errors(&[ErrorCode::InvalidState]);
const RETRY: OperationDoc = OperationDoc::new("Have a job tried again that failed, is dead or was cancelled")
    .with_errors(&[ErrorCode::InvalidState]);

/// The routes of messages that could not be processed.
pub fn dead_letter_routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: DeadLetterReader + UserReader,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes
        .get("/v1/dead-letters", list::list_dead_letters, "List messages that could not be processed")
        .post(
            "/v1/dead-letters/redrive",
            redrive_queue::redrive_queue,
            "Have the oldest dead messages of a queue tried again",
        )
        .get("/v1/dead-letters/{id}", get::get_dead_letter, "Show a message that could not be processed")
        .delete("/v1/dead-letters/{id}", delete::delete_dead_letter, "Remove a message for good")
        .post("/v1/dead-letters/{id}/redrive", redrive::redrive_dead_letter, REDRIVE)
}

const REDRIVE: OperationDoc =
    OperationDoc::new("Have a message tried again").with_errors(&[ErrorCode::InvalidState]);

/// The function's router; jobs are kept for so long.
pub fn router<S, Q>(app: AppState<S, Q>, retention: Retention) -> Router
where
    S: Store,
    Q: DeadLetterReader + JobReader + UserReader,
{
    dead_letter_routes(job_routes(Router::new())).with_state(app).layer(Extension(retention))
}
