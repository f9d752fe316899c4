//! What surrounds every invocation: it takes part in a trace, and its telemetry is let out before the next begins.
//!
//! It is the outermost layer of the runtime: by the time that telemetry is let out, the answer is with Lambda, and the
//! caller does not wait. The invocation only ends once the next event is asked for ("Lambda execution environment
//! lifecycle"), so that the process is not frozen in between.

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

/// What invokes a function; `faas.trigger` of the semantic conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A request over HTTP, which makes a span of its own.
    Http,
    /// Messages of a queue.
    Queue,
    /// Records of a stream.
    Stream,
    /// The clock.
    Schedule,
}

impl Trigger {
    /// The invocation as a part of the trace that Lambda is in.
    fn begin(self, parent: &Context, cold: bool) -> Option<TracedSpan> {
        let (name, trigger, kind) = match self {
            Self::Http => return None,
            Self::Queue => ("batch", "pubsub", SpanKind::Consumer),
            Self::Stream => ("records", "datasource", SpanKind::Consumer),
            Self::Schedule => ("tick", "timer", SpanKind::Internal),
        };
        let facts = vec![KeyValue::new("faas.trigger", trigger), KeyValue::new("faas.coldstart", cold)];
        Some(TracedSpan::start_with_parent(parent, kind, name, facts))
    }
}

/// Surrounds invocations that come by a trigger.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvocationLayer<'a>(Trigger, PhantomData<&'a ()>);

impl InvocationLayer<'_> {
    pub(super) const fn by(trigger: Trigger) -> Self {
        Self(trigger, PhantomData)
    }
}

impl<'a, S> Layer<S> for InvocationLayer<'a> {
    type Service = InvocationService<'a, S>;

    fn layer(&self, inner: S) -> InvocationService<'a, S> {
        InvocationService { inner, trigger: self.0, lives: PhantomData }
    }
}

/// A runtime whose invocations are surrounded.
#[derive(Debug)]
pub(super) struct InvocationService<'a, S> {
    inner: S,
    trigger: Trigger,
    lives: PhantomData<&'a ()>,
}

/// Whether the process has had an event before.
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
        let (busy, work) = (shutdown::busy(), self.inner.call(invocation));
        async move {
            let context = span.as_ref().map_or(&parent, TracedSpan::context).clone();
            let answered = opentelemetry::trace::FutureExt::with_context(work, context).await;
            if let Some(span) = span {
                span.end(answered.is_ok());
            }
            telemetry::flush().await;
            drop(busy);
            answered
        }
        .boxed_local()
    }
}
