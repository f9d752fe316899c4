//! Traces: which pieces of work belong together, and which led to which.
//!
//! The context of a piece of work is current while it is done (OpenTelemetry's [`Context`], attached each time that a
//! future is polled), and is carried on in the two forms that others read: W3C's `traceparent` and AWS X-Ray's header. So a
//! trace goes through the outbox and the queues even where no spans are recorded, as X-Ray wants it.
//!
//! Spans say what we name, and nothing that anybody sent: no path, no query, no address, no text.

pub mod propagation;

use std::borrow::Cow;
use std::future::Future;
use std::sync::OnceLock;

use opentelemetry::trace::{FutureExt, SpanContext, Status, TraceContextExt, Tracer};
use opentelemetry_sdk::trace::SdkTracer;

pub use opentelemetry::trace::SpanKind;
pub use opentelemetry::{Context, KeyValue};

/// Beside a message, and in the header of a request: the context in W3C's form.
pub const TRACEPARENT: &str = "traceparent";

/// In the header of a request: the context in the form of AWS X-Ray.
pub const X_AMZN_TRACE_ID: &str = "x-amzn-trace-id";

/// Records spans, if there is a collector that they are for.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

pub(super) fn record_with(tracer: SdkTracer) {
    // A second start, as tests make, changes nothing.
    let _ = TRACER.set(tracer);
}

/// Whether spans are recorded.
#[must_use]
pub fn is_recording() -> bool {
    TRACER.get().is_some()
}

/// The current context, to be carried on in W3C's form.
#[must_use]
pub fn traceparent() -> Option<String> {
    traceparent_of(&Context::current())
}

/// A context in W3C's form, if it is part of a trace.
#[must_use]
pub fn traceparent_of(context: &Context) -> Option<String> {
    let span = context.span();
    span.span_context().is_valid().then(|| propagation::w3c(span.span_context()))
}

/// The context that W3C's header goes on from, or else AWS's; if neither reads, the beginning of a trace.
#[must_use]
pub fn extract(traceparent: Option<&str>, x_ray: Option<&str>) -> Context {
    let w3c = traceparent.and_then(propagation::read_w3c);
    let read = w3c.or_else(|| x_ray.and_then(propagation::read_x_ray));
    read.map_or_else(Context::new, |remote| Context::new().with_remote_span_context(remote))
}

/// A piece of work that takes part in a trace. Dropped without having ended, it ends there.
#[derive(Debug, Clone)]
pub struct TracedSpan(Context);

impl TracedSpan {
    /// Begins a part of what is being done.
    pub fn begin(kind: SpanKind, name: impl Into<Cow<'static, str>>, facts: Vec<KeyValue>) -> Self {
        Self::start_with_parent(&Context::current(), kind, name, facts)
    }

    /// Begins a part of `parent`. Where nothing is recorded, it is as if `parent` did it itself.
    pub fn start_with_parent(
        parent: &Context,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        facts: Vec<KeyValue>,
    ) -> Self {
        let Some(tracer) = TRACER.get() else { return Self(parent.clone()) };
        let span = tracer.span_builder(name).with_kind(kind).with_attributes(facts);
        Self(parent.with_span(span.start_with_context(tracer, parent)))
    }

    /// Names another piece of work that led to this one.
    #[must_use]
    pub fn add_link(self, other: &Context) -> Self {
        let other: SpanContext = other.span().span_context().clone();
        if other.is_valid() {
            self.0.span().add_link(other, Vec::new());
        }
        self
    }

    /// What is done within it carries this on.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.0
    }

    /// Does something within it.
    pub async fn in_span<F: Future>(&self, work: F) -> F::Output {
        work.with_context(self.0.clone()).await
    }

    /// Takes note of something about it.
    pub fn set_attribute(&self, fact: KeyValue) {
        self.0.span().set_attribute(fact);
    }

    /// It came to an end.
    pub fn end(&self, succeeded: bool) {
        let span = self.0.span();
        if !succeeded {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const W3C: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[tokio::test]
    async fn a_trace_is_carried_on_where_nothing_is_recorded() {
        let parent = extract(Some(W3C), None);
        let work = TracedSpan::start_with_parent(&parent, SpanKind::Server, "GET /", Vec::new());
        let carried = work.in_span(async { traceparent() }).await;
        assert_eq!((carried.as_deref(), traceparent()), (Some(W3C), None));
        work.end(true);
    }

    #[test]
    fn the_header_that_reads_counts_and_w3c_s_counts_first() {
        let x_ray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let read = |w3c, x_ray| traceparent_of(&extract(w3c, x_ray));
        assert_eq!(read(Some(W3C), Some(x_ray)).as_deref(), Some(W3C));
        let other = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(read(Some("nonsense"), Some(x_ray)).as_deref(), Some(other));
        assert_eq!((read(None, None), read(None, Some("Root=1"))), (None, None));
    }
}
