//! Calls of AWS services, as parts of the work that makes them.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::trace::{self, KeyValue, SpanKind, TracedSpan};

/// Makes a span of each call, its retries included. What is sent and answered is not looked at.
#[derive(Debug)]
pub struct SdkTracingInterceptor;

/// The call under way.
#[derive(Debug)]
struct Call(TracedSpan);

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for SdkTracingInterceptor {
    fn name(&self) -> &'static str {
        "traced calls"
    }

    /// The first moment at which a client knows what is called.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !trace::is_recording() {
            return Ok(());
        }
        if let Some(called) = config.load::<Metadata>() {
            let (service, operation) = (called.service().to_owned(), called.name().to_owned());
            let name = format!("{service}.{operation}");
            let facts = vec![
                KeyValue::new("rpc.system", "aws-api"),
                KeyValue::new("rpc.service", service),
                KeyValue::new("rpc.method", operation),
            ];
            let call = Call(TracedSpan::begin(SpanKind::Client, name, facts));
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
        let succeeded = context.output_or_error().is_some_and(|ended| ended.is_ok());
        if let Some(Call(work)) = config.load::<Call>() {
            work.end(succeeded);
        }
        if let Some(called) = config.load::<Metadata>() {
            tracing::debug!(service = called.service(), operation = called.name(), succeeded, "call");
        }
        Ok(())
    }
}
