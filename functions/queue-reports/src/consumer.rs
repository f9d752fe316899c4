//! Starts a job and maps its result to the outcome of the message.

use std::time::Duration;

use shared::domain::job::delete::DeleteRemainingOutput;
use shared::domain::job::event::RemainingOutput;
use shared::domain::job::execution::record_failed_attempt::RecordFailedJobAttempt;
use shared::domain::job::execution::start::{StartJob, StartJobError};
use shared::domain::job::job_type::{JobPolicy, JobType};
use shared::domain::job::{Job, JobRequest};
use shared::kit::command::{CommandContext, Envelope, EventId, ExecuteError, Store};
use shared::kit::queue::consumer::per_record::Consumer;
use shared::kit::queue::consumer::{Delivery, Outcome};
use shared::kit::resilience::retry::Backoff;
use shared::kit::system::clock::{Clock, SystemEntropy};
use shared::messaging::dead_letter::REDRIVE_ATTRIBUTE;
use shared::search::Embedder;

use crate::pages::{Progress, StopReason, TABLE_UNAVAILABLE};
use crate::{ReportEvent, Reports};

impl<S: Store, E: Embedder, C: Clock> Consumer for Reports<S, E, C> {
    type Event = ReportEvent;

    async fn handle(&self, event: Envelope<ReportEvent>, delivery: &Delivery) -> Outcome {
        let context = CommandContext::new(event.correlation_id.clone(), self.clock.now());
        let (job_id, job_type) = match event.event {
            ReportEvent::Requested { job_id, job_type } => (job_id, job_type),
            ReportEvent::OutputDeletionRequested(output) => return self.delete(output, &context).await,
        };
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
            Err(error) => not_started(&error),
        }
    }
}

impl<S: Store, E: Embedder, C: Clock> Reports<S, E, C> {
    async fn run(&self, mut job: Job, context: &CommandContext, delivery: &Delivery) -> Outcome {
        match self.process_pages(&mut job, context).await {
            Ok(Progress::Ended) => Outcome::Done,
            Ok(Progress::Unfinished) => {
                Outcome::Requeue { after: Duration::ZERO, reason: "the job continues in another invocation" }
            }
            Err(StopReason::ClaimLost) => {
                tracing::info!("attempt abandoned: the job was cancelled or claimed by another worker");
                Outcome::Done
            }
            Err(StopReason::Delayed(after)) => {
                Outcome::Retry { after: Some(after), reason: "the model does not respond" }
            }
            Err(StopReason::Failed(reason)) => {
                let record = RecordFailedJobAttempt { claim: job.claim(), reason };
                // If this fails as well, the job only lacks the record of one failed attempt.
                if let Err(error) = self.store.execute(record, &context.at(self.clock.now())).await {
                    tracing::warn!(%error, "failed to record a failed attempt");
                }
                retry_or_dead_letter(reason, &job.policy(), delivery)
            }
        }
    }

    /// Deletes the chunks of a deleted job.
    async fn delete(&self, mut output: RemainingOutput, context: &CommandContext) -> Outcome {
        while output.chunks > 0 {
            let context = context.at(self.clock.now());
            match self.store.execute(DeleteRemainingOutput(output), &context).await {
                Ok(left) => output.chunks = left.into_output(),
                Err(error) => {
                    tracing::warn!(jobId = %output.job_id, %error, "failed to delete the output of a job");
                    return Outcome::Retry { after: None, reason: TABLE_UNAVAILABLE };
                }
            }
        }
        Outcome::Done
    }
}

/// The id of the redrive event that sent the message, if any.
fn redrive(delivery: &Delivery) -> Option<EventId> {
    let id = delivery.attributes.get(REDRIVE_ATTRIBUTE)?;
    serde_json::from_value(serde_json::Value::String(id.clone())).ok()
}

/// Outcome if the job was not started. Temporary causes do not count as attempts.
fn not_started(error: &ExecuteError<StartJobError>) -> Outcome {
    match error {
        ExecuteError::Refused(exhausted @ StartJobError::AttemptsExhausted) => {
            Outcome::DeadLetter { reason: exhausted.to_string() }
        }
        ExecuteError::Refused(refusal) => {
            tracing::info!(reason = %refusal, "the message has no effect");
            Outcome::Done
        }
        ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
            Outcome::Retry { after: None, reason: "too many concurrent attempts to start the job" }
        }
        ExecuteError::Store(error) => {
            tracing::warn!(%error, "failed to start the job");
            Outcome::Retry { after: None, reason: TABLE_UNAVAILABLE }
        }
    }
}

/// Retries the message after the backoff of the job's type; dead-letters it with the reason after the last
/// attempt.
fn retry_or_dead_letter(reason: &'static str, policy: &JobPolicy, delivery: &Delivery) -> Outcome {
    match backoff(policy).delay(delivery.receive_count, &SystemEntropy) {
        Some(delay) => Outcome::Redeliver { after: Some(delay), reason },
        None => Outcome::DeadLetter { reason: reason.to_owned() },
    }
}

/// Backoff of a job type. The first attempt is not a retry, so there is one retry less than attempts.
const fn backoff(policy: &JobPolicy) -> Backoff {
    Backoff::new(policy.backoff, policy.max_backoff, policy.max_attempts.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_of_each_type_grows_until_its_last_attempt() {
        let ceilings = |job_type: JobType| {
            let (policy, backoff) = (job_type.policy(), backoff(&job_type.policy()));
            assert!(backoff.delay(policy.max_attempts, &SystemEntropy).is_none(), "{job_type}");
            let failures = 1..policy.max_attempts;
            failures.map(|failures| backoff.ceiling(failures).as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(ceilings(JobType::SalesReport), [2, 4, 8, 16]);
        assert_eq!(ceilings(JobType::Reindex), [30, 60, 120]);
        assert_eq!(ceilings(JobType::DataExport), [5, 10]);
    }
}
