//! Takes a job up, and says how that ended.

use std::time::Duration;

use shared::domain::job::execution::record_failed_attempt::RecordFailedJobAttempt;
use shared::domain::job::execution::start::{StartJob, StartJobError};
use shared::domain::job::job_type::JobParams;
use shared::domain::job::{Job, JobRequest};
use shared::kit::command::{CommandContext, Envelope, EventId, ExecuteError, Store};
use shared::kit::queue::consumer::delivery::MAX_RECEIVE_COUNT;
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome};
use shared::kit::system::clock::Clock;
use shared::messaging::dead_letter::REDRIVE_ATTRIBUTE;
use shared::repository::order::market_orders::MarketOrdersReader;

use crate::event::{Kind, RequestedJob};
use crate::{Heard, Reports};

/// How a stretch of work ended.
pub(crate) enum Progress {
    /// There is nothing left to do.
    Ended,
    /// It got on, and there is more to do.
    Unfinished,
}

/// Why a stretch of work came to no end of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Somebody else is at the job, or it was called off.
    Overtaken,
    /// This attempt failed. Public words.
    Failed(&'static str),
}

/// What is said when the table is why an attempt failed.
pub(crate) const NO_ANSWER: &str = "the table did not answer";

impl<S: Store, Q: MarketOrdersReader, C: Clock> Consumer for Reports<S, Q, C> {
    type Event = Heard;

    async fn handle(&self, event: Envelope<Heard>, delivery: &Delivery) -> Outcome {
        let cause = CommandContext::new(event.correlation_id.clone(), self.clock.now());
        let Heard::Requested(RequestedJob { job_id, job_type }) = event.event;
        if let Kind::Unknown(_) = job_type {
            return Outcome::DeadLetter { reason: "there is no such kind of job".to_owned() };
        }
        let start = StartJob {
            request: JobRequest { id: job_id, version: event.sequence },
            delivery: delivery.receive_count,
            redrive: redrive(delivery),
        };
        match self.store.execute(start, &cause).await {
            Ok(started) => self.run(started.into_output(), &cause, delivery).await,
            Err(error) => not_started(&error, delivery),
        }
    }
}

impl<S: Store, Q: MarketOrdersReader, C: Clock> Reports<S, Q, C> {
    async fn run(&self, mut job: Job, cause: &CommandContext, delivery: &Delivery) -> Outcome {
        let JobParams::SalesReport(report) = job.work;
        match self.report(&report, &mut job, cause).await {
            Ok(Progress::Ended) => Outcome::Done,
            Ok(Progress::Unfinished) => {
                Outcome::Requeue { after: Duration::ZERO, reason: "the job goes on in another invocation" }
            }
            Err(StopReason::Overtaken) => {
                tracing::info!("the job went on without this attempt");
                Outcome::Done
            }
            Err(StopReason::Failed(reason)) => {
                let note = RecordFailedJobAttempt { held: job.held(), reason };
                // Where this fails as well, the job shows one failure less, and that is all.
                if let Err(error) = self.store.execute(note, &cause.at(self.clock.now())).await {
                    tracing::warn!(%error, "a failed attempt could not be noted");
                }
                failed(reason, delivery)
            }
        }
    }
}

/// The redrive that sent the message, if one did: the name of its event.
fn redrive(delivery: &Delivery) -> Option<EventId> {
    let name = delivery.attributes.get(REDRIVE_ATTRIBUTE)?;
    serde_json::from_value(serde_json::Value::String(name.clone())).ok()
}

fn not_started(error: &ExecuteError<StartJobError>, delivery: &Delivery) -> Outcome {
    match error {
        ExecuteError::Refused(refusal) => {
            tracing::info!(reason = %refusal, "the message has no effect");
            Outcome::Done
        }
        ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
            failed("others kept taking the job up", delivery)
        }
        ExecuteError::Store(error) => {
            tracing::warn!(%error, "the table failed");
            failed(NO_ANSWER, delivery)
        }
    }
}

/// The message comes back; after its last delivery it is dead, and says why.
fn failed(reason: &'static str, delivery: &Delivery) -> Outcome {
    if delivery.receive_count < MAX_RECEIVE_COUNT {
        Outcome::Retry { after: None, reason }
    } else {
        Outcome::DeadLetter { reason: reason.to_owned() }
    }
}
