//! Spans of AWS SDK calls.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::trace::{self, KeyValue, SpanKind, TracedSpan};

/// SDK interceptor that creates one span per call, including its retries. Inputs and outputs are not
/// inspected.
#[derive(Debug)]
pub struct SdkTracingInterceptor;

/// Span of the call in progress.
#[derive(Debug)]
struct Call(TracedSpan);

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for SdkTracingInterceptor {
    fn name(&self) -> &'static str {
        "call spans"
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

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let succeeded = context.output_or_error().is_some_and(|result| result.is_ok());
        if let Some(Call(span)) = config.load::<Call>() {
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
