//! Lambda runtime: entry points shared by the `main` functions.

mod invocation_layer;
mod shutdown;

use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use tower::ServiceExt;

use crate::kit::aws::dynamodb::write::outbox;
use crate::kit::http::openapi::ApiRouter;
use crate::kit::queue::consumer::{BatchHandler, Delivery, Queue, consume};
use crate::kit::queue::relay::StreamHandler;
use crate::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use crate::kit::system::config::TelemetryConfig;
use crate::kit::{http, telemetry};
use invocation_layer::{InvocationLayer, Trigger};

/// A request makes hundreds of small allocations on one thread, and some of a few kilobytes; mimalloc serves
/// both sizes without a search.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Error with which a function fails to start, or stops.
pub type Error = lambda_runtime::Error;

/// Time reserved at the end of an invocation for settling its messages with the queue.
const SETTLE_RESERVE: Duration = Duration::from_secs(1);

/// Runs an HTTP function.
///
/// # Errors
/// The error that the runtime stops with.
pub async fn run_api(telemetry: TelemetryConfig, router: ApiRouter) -> Result<(), Error> {
    init(&telemetry).await?;
    let adapter = lambda_http::Adapter::from(http::middleware::layer(router, SystemClock, SystemEntropy));
    let sanitized = |LambdaEvent { payload, context }| {
        LambdaEvent::new(http::middleware::sanitize::sanitize(payload), context)
    };
    // Without the runtime's own span: the span of the HTTP middleware contains all its data, and the request
    // id of API Gateway.
    Runtime::new(adapter.map_request(sanitized)).layer(InvocationLayer::new(Trigger::Http)).run().await
}

/// Starts telemetry and shutdown handling, before the first event.
async fn init(telemetry: &TelemetryConfig) -> Result<(), Error> {
    telemetry::start(telemetry)?;
    shutdown::install_shutdown_handler().await
}

/// Runs the consumer of a queue.
///
/// # Errors
/// The error that the runtime stops with.
pub async fn run_queue(
    telemetry: TelemetryConfig,
    handler: impl BatchHandler,
    queue: impl Queue,
) -> Result<(), Error> {
    init(&telemetry).await?;
    let (handler, queue) = (&handler, &queue);
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = deadline(&event.context, SystemClock.now());
        let batch: Vec<Delivery> = event.payload.records.into_iter().map(Delivery::from).collect();
        // Boxed: the compiler cannot handle futures that are nested so deeply.
        let consumed = Box::pin(consume(handler, queue, batch, deadline, &SystemClock, &SystemEntropy)).await;
        Ok::<SqsBatchResponse, Error>(consumed)
    }));
    runtime.layer(TracingLayer::new()).layer(InvocationLayer::new(Trigger::Queue)).run().await
}

/// Runs the relay of the table's stream.
///
/// # Errors
/// The error that the runtime stops with.
pub async fn run_stream(telemetry: TelemetryConfig, handler: impl StreamHandler) -> Result<(), Error> {
    init(&telemetry).await?;
    let handler = &handler;
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<StreamEvent>| async move {
        Ok::<DynamoDbEventResponse, Error>(Box::pin(relay_records(handler, event.payload)).await)
    }));
    runtime.layer(TracingLayer::new()).layer(InvocationLayer::new(Trigger::Stream)).run().await
}

/// Handles a batch of the stream. Reports the first record that failed, from which the stream continues.
pub async fn relay_records(handler: &impl StreamHandler, event: StreamEvent) -> DynamoDbEventResponse {
    let mut sequence_numbers = Vec::new();
    let mut events = Vec::new();
    for record in event.records {
        match outbox::parse(&record.change.keys, record.change.new_image) {
            Ok(event) => {
                sequence_numbers.push(record.change.sequence_number);
                events.push(event);
            }
            // A damaged event. It must not stop those behind it; the sweeper moves it to the dead letters.
            Err(malformed) => malformed.report(),
        }
    }
    let results = handler.handle(events).await;
    let first_failure = sequence_numbers
        .into_iter()
        .zip(results)
        .find(|(_, succeeded)| !succeeded)
        .and_then(|(number, _)| number);
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

/// Handler of a scheduled function.
pub trait ScheduleHandler: Send + Sync {
    /// Handles one tick. Work that is not done by `deadline` is left to the next tick.
    ///
    /// # Errors
    /// Implementations return the error that fails the invocation.
    fn tick(&self, deadline: Timestamp) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Runs a scheduled function.
///
/// # Errors
/// The error that the runtime stops with.
pub async fn run_schedule(telemetry: TelemetryConfig, handler: impl ScheduleHandler) -> Result<(), Error> {
    init(&telemetry).await?;
    let handler = &handler;
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<serde_json::Value>| async move {
        Box::pin(handler.tick(deadline(&event.context, SystemClock.now()))).await
    }));
    runtime.layer(TracingLayer::new()).layer(InvocationLayer::new(Trigger::Schedule)).run().await
}

/// Duration of an invocation without a usable deadline.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// Time at which the work of an invocation must be done. `cargo lambda watch` sends a constant time in 1970,
/// so a deadline in the past is replaced by a default.
fn deadline(context: &Context, now: Timestamp) -> Timestamp {
    let millis = i64::try_from(context.deadline).unwrap_or(i64::MAX);
    let deadline = Timestamp::from_millis(millis);
    let end = if deadline > now { deadline } else { now.saturating_add(DEFAULT_DEADLINE) };
    end.saturating_sub(SETTLE_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadline_in_the_past_is_replaced_by_the_default() {
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
