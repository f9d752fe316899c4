//! Spans and retries of AWS SDK calls.

use std::time::SystemTime;

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde::Deserialize;

use super::retries::{Retry, status_class};
use super::trace::{self, KeyValue, SpanKind, TracedSpan};

/// SDK interceptor that creates one span per call, including its retries, and records each retry. Inputs and
/// outputs are not inspected.
#[derive(Debug)]
pub struct SdkTracingInterceptor;

/// Span of the call in progress.
#[derive(Debug)]
struct Call(TracedSpan);

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

/// Latest failed attempt of the call in progress.
#[derive(Debug)]
struct FailedAttempt {
    reason: &'static str,
    ended_at: Option<SystemTime>,
}

impl Storable for FailedAttempt {
    type Storer = StoreReplace<Self>;
}

/// Class of the error of an attempt; `None` if it succeeded.
fn error_class(context: &FinalizerInterceptorContextRef<'_>) -> Option<&'static str> {
    let error = context.output_or_error()?.err()?;
    Some(match context.response() {
        _ if error.is_timeout_error() => "timeout",
        _ if error.is_connector_error() => "connection",
        Some(response) if error.is_operation_error() => match error_code(response) {
            Some(code) if THROTTLING_ERRORS.contains(&code.as_str()) => "throttled",
            _ => status_class(response.status().as_u16()),
        },
        _ => "incomplete_response",
    })
}

/// Error code of a response: services send it in a header or in the body, with a namespace before `#` or a link
/// after `:` (AWS JSON 1.0 protocol, "Operation error serialization"). Throttled calls of some services have
/// the same HTTP status as invalid ones.
fn error_code(response: &HttpResponse) -> Option<String> {
    /// Part of the body of an error.
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "__type")]
        code: String,
    }
    let code = match response.headers().get("x-amzn-errortype") {
        Some(code) => code.to_owned(),
        None => serde_json::from_slice::<Body>(response.body().bytes()?).ok()?.code,
    };
    let code = code.split(':').next()?;
    code.rsplit('#').next().map(str::to_owned)
}

fn now(components: &RuntimeComponents) -> Option<SystemTime> {
    components.time_source().map(|source| source.now())
}

impl Intercept for SdkTracingInterceptor {
    fn name(&self) -> &'static str {
        "spans and retries"
    }

    /// The earliest hook in which the SDK provides the service and operation.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !trace::is_recording() {
            return Ok(());
        }
        if let Some(metadata) = config.load::<Metadata>() {
            let (service, operation) = (metadata.service().to_owned(), metadata.name().to_owned());
            let name = format!("{service}.{operation}");
            let attributes = vec![
                KeyValue::new("rpc.system", "aws-api"),
                KeyValue::new("rpc.service", service),
                KeyValue::new("rpc.method", operation),
            ];
            let call = Call(TracedSpan::begin(SpanKind::Client, name, attributes));
            config.interceptor_state().store_put(call);
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let failed = config.load::<FailedAttempt>();
        let call = config.load::<Metadata>().zip(config.load::<RequestAttempts>());
        if let Some((FailedAttempt { reason, ended_at }, (call, attempts))) = failed.zip(call) {
            let delay =
                now(components).zip(*ended_at).and_then(|(now, ended)| now.duration_since(ended).ok());
            let (dependency, operation) = (call.service(), call.name());
            let (attempt, delay) = (attempts.attempts(), delay.unwrap_or_default());
            Retry { dependency, operation, attempt, delay, reason }.record();
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(reason) = error_class(context) {
            let failed = FailedAttempt { reason, ended_at: now(components) };
            config.interceptor_state().store_put(failed);
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let succeeded = context.output_or_error().is_some_and(|result| result.is_ok());
        if let Some(Call(span)) = config.load::<Call>() {
            if let Some(FailedAttempt { reason, .. }) = config.load::<FailedAttempt>().filter(|_| !succeeded)
            {
                span.record_exception("SdkError", *reason);
            }
            span.end(succeeded);
        }
        if let Some(metadata) = config.load::<Metadata>() {
            tracing::debug!(
                service = metadata.service(),
                operation = metadata.name(),
                succeeded,
                "called AWS service"
            );
        }
        Ok(())
    }
}
