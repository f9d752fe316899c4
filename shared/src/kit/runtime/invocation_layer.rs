//! Layer around every invocation: continues the trace, and flushes telemetry before the next invocation.
//!
//! It is the outermost layer of the runtime: telemetry is flushed after the response has been sent to Lambda,
//! so the caller does not wait. The invocation only ends when the runtime requests the next event ("Lambda
//! execution environment lifecycle"), so the process is not frozen in between.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Poller, Poll};

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use lambda_runtime::LambdaInvocation;
use tower::{Layer, Service};

use crate::kit::runtime::shutdown;
use crate::kit::telemetry;
use crate::kit::telemetry::catalogue::COLD_STARTS;
use crate::kit::telemetry::metrics;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{Context, KeyValue, SpanKind, TracedSpan};

/// Trigger of a function: `faas.trigger` of the semantic conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// An HTTP request, whose span the HTTP middleware creates.
    Http,
    /// Messages of a queue.
    Queue,
    /// Records of a stream.
    Stream,
    /// A schedule.
    Schedule,
}

impl Trigger {
    /// Starts the span of an invocation as a child of Lambda's.
    fn begin(self, parent: &Context, cold: bool) -> Option<TracedSpan> {
        let (name, trigger, kind) = match self {
            Self::Http => return None,
            Self::Queue => ("batch", "pubsub", SpanKind::Consumer),
            Self::Stream => ("records", "datasource", SpanKind::Consumer),
            Self::Schedule => ("tick", "timer", SpanKind::Internal),
        };
        let attributes = vec![KeyValue::new("faas.trigger", trigger), KeyValue::new("faas.coldstart", cold)];
        Some(TracedSpan::start_with_parent(parent, kind, name, attributes))
    }
}

/// Tower layer for the invocations of a trigger.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvocationLayer<'a>(Trigger, PhantomData<&'a ()>);

impl InvocationLayer<'_> {
    pub(super) const fn new(trigger: Trigger) -> Self {
        Self(trigger, PhantomData)
    }
}

impl<'a, S> Layer<S> for InvocationLayer<'a> {
    type Service = InvocationService<'a, S>;

    fn layer(&self, inner: S) -> InvocationService<'a, S> {
        InvocationService { inner, trigger: self.0, lifetime: PhantomData }
    }
}

/// Service that wraps the runtime's handler.
#[derive(Debug)]
pub(super) struct InvocationService<'a, S> {
    inner: S,
    trigger: Trigger,
    lifetime: PhantomData<&'a ()>,
}

/// True once the process has received an event.
static WARM: AtomicBool = AtomicBool::new(false);

impl<'a, S> Service<LambdaInvocation> for InvocationService<'a, S>
where
    S: Service<LambdaInvocation, Response = ()>,
    S::Future: 'a,
{
    type Response = ();
    type Error = S::Error;
    type Future = LocalBoxFuture<'a, Result<(), S::Error>>;

    fn poll_ready(&mut self, poller: &mut Poller<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(poller)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let cold = !WARM.swap(true, Ordering::Relaxed);
        if cold {
            metrics::count(&COLD_STARTS, []);
        }
        let parent = trace::extract(None, invocation.context.xray_trace_id.as_deref());
        let span = self.trigger.begin(&parent, cold);
        let (guard, response) = (shutdown::track_invocation(), self.inner.call(invocation));
        async move {
            let context = span.as_ref().map_or(&parent, TracedSpan::context).clone();
            let result = opentelemetry::trace::FutureExt::with_context(response, context).await;
            if let Some(span) = span {
                span.end(result.is_ok());
            }
            telemetry::flush().await;
            drop(guard);
            result
        }
        .boxed_local()
    }
}
