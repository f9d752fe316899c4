//! Starts a job and maps its result to the outcome of the message.

use std::time::Duration;

use shared::domain::job::execution::record_failed_attempt::RecordFailedJobAttempt;
use shared::domain::job::execution::start::{StartJob, StartJobError};
use shared::domain::job::job_type::{JobParams, JobType};
use shared::domain::job::{Job, JobRequest};
use shared::kit::command::{CommandContext, Envelope, EventId, ExecuteError, Store};
use shared::kit::queue::consumer::delivery::MAX_RECEIVE_COUNT;
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome};
use shared::kit::system::clock::Clock;
use shared::messaging::dead_letter::REDRIVE_ATTRIBUTE;

use crate::{ReportEvent, Reports};

/// Result of a time slice.
pub(crate) enum Progress {
    /// The job has ended.
    Ended,
    /// There are more pages.
    Unfinished,
}

/// Reason why a time slice stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Another worker has claimed the job, or it was cancelled.
    ClaimLost,
    /// The attempt failed, with a user-facing message.
    Failed(&'static str),
}

/// User-facing message if the table is unavailable.
pub(crate) const TABLE_UNAVAILABLE: &str = "the table did not respond";

impl<S: Store, C: Clock> Consumer for Reports<S, C> {
    type Event = ReportEvent;

    async fn handle(&self, event: Envelope<ReportEvent>, delivery: &Delivery) -> Outcome {
        let context = CommandContext::new(event.correlation_id.clone(), self.clock.now());
        let ReportEvent::Requested { job_id, job_type } = event.event;
        if serde_json::from_value::<JobType>(job_type).is_err() {
            return Outcome::DeadLetter { reason: "unknown job type".to_owned() };
        }
        let start = StartJob {
            request: JobRequest { id: job_id, version: event.sequence },
            delivery: delivery.receive_count,
            redrive: redrive(delivery),
        };
        match self.store.execute(start, &context).await {
            Ok(started) => self.run(started.into_output(), &context, delivery).await,
            Err(error) => start_failed(&error, delivery),
        }
    }
}

impl<S: Store, C: Clock> Reports<S, C> {
    async fn run(&self, mut job: Job, context: &CommandContext, delivery: &Delivery) -> Outcome {
        let JobParams::SalesReport(report) = job.work;
        match self.report(&report, &mut job, context).await {
            Ok(Progress::Ended) => Outcome::Done,
            Ok(Progress::Unfinished) => {
                Outcome::Requeue { after: Duration::ZERO, reason: "the job continues in another invocation" }
            }
            Err(StopReason::ClaimLost) => {
                tracing::info!("attempt abandoned: the job was cancelled or claimed by another worker");
                Outcome::Done
            }
            Err(StopReason::Failed(reason)) => {
                let record = RecordFailedJobAttempt { claim: job.claim(), reason };
                // If this fails as well, the job only lacks the record of one failed attempt.
                if let Err(error) = self.store.execute(record, &context.at(self.clock.now())).await {
                    tracing::warn!(%error, "failed to record a failed attempt");
                }
                retry_or_dead_letter(reason, delivery)
            }
        }
    }
}

/// The id of the redrive event that sent the message, if any.
fn redrive(delivery: &Delivery) -> Option<EventId> {
    let id = delivery.attributes.get(REDRIVE_ATTRIBUTE)?;
    serde_json::from_value(serde_json::Value::String(id.clone())).ok()
}

fn start_failed(error: &ExecuteError<StartJobError>, delivery: &Delivery) -> Outcome {
    match error {
        ExecuteError::Refused(refusal) => {
            tracing::info!(reason = %refusal, "the message has no effect");
            Outcome::Done
        }
        ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
            retry_or_dead_letter("too many concurrent attempts to start the job", delivery)
        }
        ExecuteError::Store(error) => {
            tracing::warn!(%error, "failed to start the job");
            retry_or_dead_letter(TABLE_UNAVAILABLE, delivery)
        }
    }
}

/// Retries the message; dead-letters it with the reason after the last delivery.
fn retry_or_dead_letter(reason: &'static str, delivery: &Delivery) -> Outcome {
    if delivery.receive_count < MAX_RECEIVE_COUNT {
        Outcome::Retry { after: None, reason }
    } else {
        Outcome::DeadLetter { reason: reason.to_owned() }
    }
}
