//! The function `api-jobs`: background jobs and dead letters.

mod dead_letters;
mod jobs;

use shared::api::CommandState;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};

use dead_letters::{delete, get, list, redrive, redrive_queue};

/// Adds the routes of jobs.
pub fn job_routes<R: RouteBuilder<CommandState>>(routes: R) -> R {
    routes
        .post("/v1/jobs", jobs::create::create_job, CREATE_JOB)
        .get("/v1/jobs", jobs::list::list_jobs, LIST_JOBS)
        .get("/v1/jobs/{id}", jobs::get::get_job, GET_JOB)
        .delete("/v1/jobs/{id}", jobs::delete::delete_job, DELETE_JOB)
        .get("/v1/jobs/{id}/result", jobs::result::get_job_result, GET_JOB_RESULT)
        .post("/v1/jobs/{id}/cancel", jobs::cancel::cancel_job, CANCEL_JOB)
        .post("/v1/jobs/{id}/retry", jobs::retry::retry_job, RETRY_JOB)
}

const CREATE_JOB: OperationDoc = OperationDoc::new("Create a background job")
    .with_description(
        "Creates a job of one of these types:\n\n\
         - `sales_report`: the sales of a market as CSV. For the creator of the market and callers with \
         the permission `orders:read-any` (moderators and administrators).\n\
         - `reindex`: rebuilds the search entries and totals of a market, or of everything without \
         `marketId`. For callers with the permission `jobs:reindex` (moderators and administrators). It has \
         no result to download. It starts 10 to 70 seconds after its creation (due jobs are released once a \
         minute), so that it can still be cancelled.\n\
         - `data_export`: all data of the caller's account as JSON lines `{\"type\", \"data\"}`: profile, \
         sessions, markets, products, orders, payments and jobs. For every user.\n\n\
         The type determines the number of attempts, the default priority and the retention \
         (`maxAttempts`, `priority` and `expiresAt` of the job). With `notify`, the caller receives one \
         e-mail when the job has `succeeded`, `failed` or is `dead`.\n\n\
         The job is executed asynchronously: the response is 202 with the status `queued`. Poll the \
         address in `Location` until the status is `succeeded`, and then download the result with \
         `GET /v1/jobs/{id}/result`. Jobs with the priority `high` are not delayed by jobs with the \
         priority `normal`; for a type with the priority `normal`, `high` requires the permission \
         `jobs:prioritize` (moderators and administrators). The job and its result are deleted at \
         `expiresAt`. `INVALID_STATE` means that 50 jobs of the caller are `queued` or `running`: wait until \
         one ends, or cancel one.\n\n\
         `Idempotency-Key` is required: a repetition with the same key and body returns the job that \
         was already created. `FORBIDDEN` means that the caller does not own the market or lacks the \
         permission, `NOT_FOUND` that the market does not exist or is not visible to the caller.",
    )
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::NotFound, ErrorCode::InvalidState]);

const LIST_JOBS: OperationDoc = OperationDoc::new("List your jobs").with_description(
    "Lists the jobs that the caller created, newest first by default. Expired jobs are not listed. \
     `attempts`, `progress`, `lastError`, `updatedAt` and `version` are returned only if `fields` names \
     them. \
     Jobs of other users are never returned, not even to administrators.\n\n\
     With `status`, a page can have fewer items than `limit`, or none, and still a next page: continue \
     while `pagination.nextCursor` is present. A `page` or `offset` that is too deep for the jobs of \
     this status is a `VALIDATION_ERROR` of `status`.",
);

const GET_JOB: OperationDoc = OperationDoc::new("Get a job").with_description(
    "Returns a job of the caller with its progress. For other callers and after `expiresAt`, it does \
     not exist.\n\n\
     Send the `ETag` of the last response in `If-None-Match` to poll cheaply: the response is 304 as \
     long as the job has not changed. `succeeded`, `failed`, `dead` and `cancelled` are final: a \
     `succeeded` job has a result, and the others can be retried with `POST /v1/jobs/{id}/retry`. \
     `lastError` describes the last failure.",
);

const DELETE_JOB: OperationDoc = OperationDoc::new("Delete a job")
    .with_description(
        "Deletes a job of the caller that has ended, and its result. Afterwards, it is not listed, its \
         result cannot be downloaded, and it cannot be retried. The e-mail that `notify` requested is still \
         sent.\n\n\
         `If-Match` is required. `INVALID_STATE` means that the job is `queued` or `running`: cancel it \
         first. `NOT_FOUND` means that the job does not exist, has expired or belongs to another user. With \
         an `Idempotency-Key`, the request can be repeated safely.",
    )
    .with_errors(&[ErrorCode::InvalidState]);

const GET_JOB_RESULT: OperationDoc = OperationDoc::new("Download the result of a job")
    .with_description(
        "Returns a part of the file of a job of the caller: CSV for a `sales_report`, JSON lines for a \
         `data_export`. A large result has several parts (`result.parts` of the job): follow the `Link` \
         header with `rel=\"next\"` until it is absent, and concatenate the parts in order. Only the \
         first part of a CSV file contains the column names. Amounts are in minor units of the \
         currency. A `sales_report` has a row for each line of an order, which is an `item` or the `shipping`: \
         `code` is the SKU or the id of the shipping option, `net` and `tax` add up to `gross`, and the \
         `gross` of all lines is the total of the order. The columns \
         `refunded…` are the parts of the line whose refunds have succeeded. An order whose record is damaged has a row with its id and the status `unreadable`.\n\n\
         `INVALID_STATE` means that the job has not succeeded, or that it is a `reindex`, which has no \
         file. A `part` after the last one is a \
         `VALIDATION_ERROR`. The result is deleted together with the job at `expiresAt`.",
    )
    .with_errors(&[ErrorCode::InvalidState]);

const CANCEL_JOB: OperationDoc = OperationDoc::new("Cancel a job")
    .with_description(
        "Cancels a job of the caller that is `queued` or `running`. The response has the status \
         `cancelled`. A worker that is executing the job stops at its next commit; output written so \
         far is not returned.\n\n\
         `INVALID_STATE` means that the job has already ended, or that it is a `reindex` which is counting the \
         orders of a market: its statistics would stay incomplete. Repeat the request until it has counted them. \
         With an `Idempotency-Key`, the request can be repeated safely. A cancelled job can be started again with `POST /v1/jobs/{id}/retry`.",
    )
    .with_errors(&[ErrorCode::InvalidState]);

const RETRY_JOB: OperationDoc = OperationDoc::new("Retry a job that failed, is dead or was cancelled")
    .with_description(
        "Requests a job of the caller again with the same parameters. It becomes `queued`, starts from \
         the beginning and runs at once; `expiresAt` is extended.\n\n\
         `INVALID_STATE` means that the job has not ended or has succeeded, or that 50 jobs of the caller \
         are `queued` or `running`. With an `Idempotency-Key`, the request can be repeated safely. Poll \
         `GET /v1/jobs/{id}` for the status.",
    )
    .with_errors(&[ErrorCode::InvalidState]);

/// Adds the routes of dead letters.
pub fn dead_letter_routes<R: RouteBuilder<CommandState>>(routes: R) -> R {
    routes
        .get("/v1/dead-letters", list::list_dead_letters, LIST_DEAD_LETTERS)
        .post("/v1/dead-letters/redrive", redrive_queue::redrive_queue, REDRIVE_QUEUE)
        .get("/v1/dead-letters/{id}", get::get_dead_letter, GET_DEAD_LETTER)
        .delete("/v1/dead-letters/{id}", delete::delete_dead_letter, DELETE_DEAD_LETTER)
        .post("/v1/dead-letters/{id}/redrive", redrive::redrive_dead_letter, REDRIVE_DEAD_LETTER)
}

const LIST_DEAD_LETTERS: OperationDoc = OperationDoc::new("List dead letters").with_description(
    "Lists messages that could not be processed, newest first, without their bodies; moderators and \
     administrators have the permission. By default, dead letters whose message was removed are not \
     contained; list them with `status=removed`.\n\n\
     `subject` restricts the list to the messages about one entity, such as an order; a page of it can have fewer \
     items than `limit`. Use `reason` and `correlationId` to find the cause, `GET /v1/dead-letters/{id}` to read the \
     message, and `POST /v1/dead-letters/{id}/redrive` to process it again.",
);

const REDRIVE_QUEUE: OperationDoc = OperationDoc::new("Redrive the dead letters of a queue")
    .with_description(
        "Sends the messages of the oldest dead letters of a queue to it again, at most 25 per request; \
         administrators have the permission. The messages are sent asynchronously and unchanged, and \
         their dead letters become `redriven`.\n\n\
         `left` is the number of dead letters that remain: repeat the request with a new key until it \
         is 0. `Idempotency-Key` is required: a repetition with the same key returns the result of the \
         first request and sends nothing.",
    );

const GET_DEAD_LETTER: OperationDoc = OperationDoc::new("Get a dead letter").with_description(
    "Returns a dead letter with the body and the attributes of its message; moderators and \
     administrators have the permission. With `If-None-Match`, the response is 304 as long as it has \
     not changed. `NOT_FOUND` means that it does not exist or that its message was removed.",
);

const DELETE_DEAD_LETTER: OperationDoc = OperationDoc::new("Remove the message of a dead letter")
    .with_description(
        "Removes the body and the attributes of the message permanently; administrators have the \
         permission. The message can then not be redriven. A message that was already redriven is \
         processed nevertheless.\n\n\
         The dead letter has the status `removed` and shows for 90 days who removed the message. \
         `If-Match` is required. `NOT_FOUND` means that the dead letter does not exist or that its \
         message was already removed.",
    );

const REDRIVE_DEAD_LETTER: OperationDoc = OperationDoc::new("Redrive a dead letter")
    .with_description(
        "Sends the unchanged message to its queue again; administrators have the permission. The \
         message is sent asynchronously, and the dead letter becomes `redriven`. If the message fails \
         again, the dead letter becomes `dead` again and keeps its `redrives`.\n\n\
         `INVALID_STATE` means that the message was already redriven and has not failed since. \
         `Idempotency-Key` is required: a repetition with the same key returns the first response and \
         sends nothing.",
    )
    .with_errors(&[ErrorCode::InvalidState]);

/// Creates the router of the function.
pub fn router(app: CommandState) -> ApiRouter {
    dead_letter_routes(job_routes(ApiRouter::new())).with_state(app)
}
