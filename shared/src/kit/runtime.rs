//! Running a function: what every `main` would otherwise repeat.

mod invocation_layer;
mod shutdown;

use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use axum::Router;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use tower::ServiceExt;

use crate::kit::aws::dynamodb::write::outbox::OutboxEvent;
use crate::kit::queue::consumer::{BatchHandler, Delivery, Queue, consume};
use crate::kit::queue::relay::StreamHandler;
use crate::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use crate::kit::system::config::TelemetryConfig;
use crate::kit::{http, telemetry};
use invocation_layer::{InvocationLayer, Trigger};

/// A request allocates hundreds of small pieces, on one thread, and some of a few kilobytes; this allocator hands out
/// either kind without a search.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a function does not start, or stops.
pub type Error = lambda_runtime::Error;

/// Time that is kept back at the end of an invocation, for settling with the queue.
const SETTLE_RESERVE: Duration = Duration::from_secs(1);

/// Runs an HTTP function.
///
/// # Errors
/// What the runtime stops with.
pub async fn run_api(telemetry: TelemetryConfig, router: Router) -> Result<(), Error> {
    begin(&telemetry).await?;
    let answers = lambda_http::Adapter::from(http::middleware::layer(router, SystemClock, SystemEntropy));
    let readable = |LambdaEvent { payload, context }| {
        LambdaEvent::new(http::middleware::sanitize::sanitize(payload), context)
    };
    // Without the runtime's span: that of the edge says all of it, and the id by which the gateway knows the request.
    Runtime::new(answers.map_request(readable)).layer(InvocationLayer::by(Trigger::Http)).run().await
}

/// What comes before the first event.
async fn begin(telemetry: &TelemetryConfig) -> Result<(), Error> {
    telemetry::start(telemetry)?;
    shutdown::install_shutdown_handler().await
}

/// Runs the consumer of a queue.
///
/// # Errors
/// What the runtime stops with.
pub async fn run_queue(
    telemetry: TelemetryConfig,
    handler: impl BatchHandler,
    queue: impl Queue,
) -> Result<(), Error> {
    begin(&telemetry).await?;
    let (handler, queue) = (&handler, &queue);
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = deadline(&event.context, SystemClock.now());
        let batch: Vec<Delivery> = event.payload.records.into_iter().map(Delivery::from).collect();
        let chance = (&SystemClock, &SystemEntropy);
        // Boxed: the compiler gives up on futures nested so deeply.
        Ok::<SqsBatchResponse, Error>(Box::pin(consume(handler, queue, batch, deadline, chance)).await)
    }));
    runtime.layer(TracingLayer::new()).layer(InvocationLayer::by(Trigger::Queue)).run().await
}

/// Runs the relay of the table's stream.
///
/// # Errors
/// What the runtime stops with.
pub async fn run_stream(telemetry: TelemetryConfig, handler: impl StreamHandler) -> Result<(), Error> {
    begin(&telemetry).await?;
    let handler = &handler;
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<StreamEvent>| async move {
        Ok::<DynamoDbEventResponse, Error>(Box::pin(relay_records(handler, event.payload)).await)
    }));
    runtime.layer(TracingLayer::new()).layer(InvocationLayer::by(Trigger::Stream)).run().await
}

/// Handles a batch of the stream. The first record that is not done is where the stream goes on.
pub async fn relay_records(handler: &impl StreamHandler, event: StreamEvent) -> DynamoDbEventResponse {
    let mut numbers = Vec::new();
    let mut events = Vec::new();
    for record in event.records {
        match serde_dynamo::from_item::<_, OutboxEvent>(record.change.new_image) {
            Ok(pending) => {
                numbers.push(record.change.sequence_number);
                events.push(pending);
            }
            // Not an event of the outbox: the stream's filter keeps such records away.
            Err(error) => tracing::error!(%error, "a record of the stream does not read as an event"),
        }
    }
    let done = handler.handle(events).await;
    let first_failure = numbers.into_iter().zip(done).find(|(_, done)| !done).and_then(|(number, _)| number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = first_failure
        .into_iter()
        .map(|number| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(number);
            failure
        })
        .collect();
    response
}

/// Does what is due by the clock.
pub trait ScheduleHandler: Send + Sync {
    /// One tick; what is not done by `deadline` is left to the next.
    fn tick(&self, deadline: Timestamp) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Runs what is due by the clock.
///
/// # Errors
/// What the runtime stops with.
pub async fn run_schedule(telemetry: TelemetryConfig, handler: impl ScheduleHandler) -> Result<(), Error> {
    begin(&telemetry).await?;
    let handler = &handler;
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<serde_json::Value>| async move {
        Box::pin(handler.tick(deadline(&event.context, SystemClock.now()))).await
    }));
    runtime.layer(TracingLayer::new()).layer(InvocationLayer::by(Trigger::Schedule)).run().await
}

/// How long an invocation lasts where nobody says.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// When the work of an invocation has to be done. `cargo lambda watch` sends the same moment of 1970 with each: an
/// invocation that begins after its deadline has none that means anything.
fn deadline(context: &Context, now: Timestamp) -> Timestamp {
    let millis = i64::try_from(context.deadline).unwrap_or(i64::MAX);
    let told = Timestamp::from_millis(millis);
    let end = if told > now { told } else { now.saturating_add(DEFAULT_DEADLINE) };
    end.saturating_sub(SETTLE_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_that_begins_after_its_deadline_gets_one_that_means_something() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let mut context = Context::default();
        context.deadline = 600_000;
        assert_eq!(
            deadline(&context, now),
            now.saturating_add(DEFAULT_DEADLINE).saturating_sub(SETTLE_RESERVE)
        );
        context.deadline = 1_800_000_010_000;
        assert_eq!(deadline(&context, now), now.saturating_add(Duration::from_secs(9)));
    }
}
