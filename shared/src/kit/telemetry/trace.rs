//! Traces: spans and the propagation of their context.
//!
//! The context of a span is current while its future is polled (OpenTelemetry's [`Context`]). It is
//! propagated in two forms: W3C's `traceparent` and the header of AWS X-Ray. It passes through the outbox and
//! the queues even if no spans are recorded, as X-Ray requires.
//!
//! Spans contain only names defined in the code and ids of entities (`agora.order.id`). Nothing else that a
//! client sent is recorded: no path, query, address or text.

pub mod propagation;

use std::borrow::Cow;
use std::future::Future;
use std::sync::OnceLock;

use opentelemetry::trace::{FutureExt, SpanContext, Status, TraceContextExt, Tracer};
use opentelemetry_sdk::trace::SdkTracer;
use ulid::Ulid;

pub use opentelemetry::trace::SpanKind;
pub use opentelemetry::{Context, KeyValue};

/// Message attribute and request header with the context in W3C's form.
pub const TRACEPARENT: &str = "traceparent";

/// Request header with the context in the form of AWS X-Ray.
pub const X_AMZN_TRACE_ID: &str = "x-amzn-trace-id";

/// Tracer that records spans, if there is a collector.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

pub(super) fn set_tracer(tracer: SdkTracer) {
    // A second start, which only tests make, has no effect.
    let _ = TRACER.set(tracer);
}

/// Returns true if spans are recorded.
#[must_use]
pub fn is_recording() -> bool {
    TRACER.get().is_some()
}

/// The current context in W3C's form, if it is part of a trace.
#[must_use]
pub fn traceparent() -> Option<String> {
    traceparent_of(&Context::current())
}

/// A context in W3C's form, if it is part of a trace.
#[must_use]
pub fn traceparent_of(context: &Context) -> Option<String> {
    let span = context.span();
    span.span_context().is_valid().then(|| propagation::format_w3c(span.span_context()))
}

/// Extracts the parent context from W3C's header, or else from the header of X-Ray. If neither is valid, a
/// new trace starts.
#[must_use]
pub fn extract(traceparent: Option<&str>, x_ray: Option<&str>) -> Context {
    let w3c = traceparent.and_then(propagation::parse_w3c);
    let remote = w3c.or_else(|| x_ray.and_then(propagation::parse_x_ray));
    remote.map_or_else(Context::new, |remote| Context::new().with_remote_span_context(remote))
}

/// An operation that is part of a trace. If it is dropped before it has ended, it ends there.
#[derive(Debug, Clone)]
pub struct TracedSpan(Context);

impl TracedSpan {
    /// Starts a child span of the current span.
    pub fn begin(kind: SpanKind, name: impl Into<Cow<'static, str>>, attributes: Vec<KeyValue>) -> Self {
        Self::start_with_parent(&Context::current(), kind, name, attributes)
    }

    /// Starts a child span of `parent`; a no-op if tracing is off.
    pub fn start_with_parent(
        parent: &Context,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        attributes: Vec<KeyValue>,
    ) -> Self {
        let Some(tracer) = TRACER.get() else { return Self(parent.clone()) };
        let span = tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
        Self(parent.with_span(span.start_with_context(tracer, parent)))
    }

    /// The current span.
    #[must_use]
    pub fn current() -> Self {
        Self(Context::current())
    }

    /// Adds a link to another span that led to this one.
    #[must_use]
    pub fn add_link(self, other: &Context) -> Self {
        let other: SpanContext = other.span().span_context().clone();
        if other.is_valid() {
            self.0.span().add_link(other, Vec::new());
        }
        self
    }

    /// Context to pass on to operations within this span.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.0
    }

    /// Runs a future within the span.
    pub async fn in_span<F: Future>(&self, future: F) -> F::Output {
        future.with_context(self.0.clone()).await
    }

    /// Sets an attribute.
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.0.span().set_attribute(attribute);
    }

    /// Adds an event, with a name that is defined in the code.
    pub fn add_event(&self, name: impl Into<Cow<'static, str>>) {
        self.0.span().add_event(name, Vec::new());
    }

    /// Adds the event `exception` (semantic conventions, "Exceptions in spans"). The message must contain
    /// nothing that a client sent.
    pub fn record_exception(&self, kind: &'static str, message: impl Into<Cow<'static, str>>) {
        let attributes =
            vec![KeyValue::new("exception.type", kind), KeyValue::new("exception.message", message.into())];
        self.0.span().add_event("exception", attributes);
    }

    /// Ends the span.
    pub fn end(&self, succeeded: bool) {
        let span = self.0.span();
        if !succeeded {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// Attributes with the ids of the entities that a path names, such as `agora.order.id` for
/// `/v1/orders/ord_…`. Other segments are left out.
#[must_use]
pub fn entity_ids(path: &str) -> Vec<KeyValue> {
    let segments: Vec<&str> = path.split('/').collect();
    let ids = segments.windows(2).filter_map(|pair| match pair {
        [collection, id] if is_id(id) => Some(entity_id(collection.strip_suffix('s')?, (*id).to_owned())),
        _ => None,
    });
    ids.collect()
}

/// Attribute with the id of an entity of this kind.
#[must_use]
pub fn entity_id(kind: &str, id: String) -> KeyValue {
    KeyValue::new(format!("agora.{}.id", kind.replace('-', "_")), id)
}

fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, ulid)| {
        prefix.len() == 3
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase())
            && !ulid.bytes().any(|byte| byte.is_ascii_lowercase())
            && Ulid::from_string(ulid).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_entities_become_attributes() {
        let of = |path: &str| -> Vec<_> {
            entity_ids(path).into_iter().map(|id| (id.key.to_string(), id.value.to_string())).collect()
        };
        let (order, market) = ("ord_01J8Z3K5V0ABCDEFGHJKMNPQRS", "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS");
        let attribute = |name: &str, id: &str| (name.to_owned(), id.to_owned());
        assert_eq!(of(&format!("/v1/orders/{order}/cancel")), [attribute("agora.order.id", order)]);
        assert_eq!(of(&format!("/v1/markets/{market}/products")), [attribute("agora.market.id", market)]);
        assert_eq!(of(&format!("/v1/dead-letters/{order}")), [attribute("agora.dead_letter.id", order)]);
        for path in [
            "/v1/users/me",
            "/v1/users/ada@example.com",
            "/v1/orders/ord_ada",
            "/v1/orders/ord_01j8z3k5v0abcdefghjkmnpqrs",
            "/v1/orders",
        ] {
            assert_eq!(of(path), [], "{path}");
        }
    }

    const W3C: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[tokio::test]
    async fn trace_context_is_propagated_without_recording() {
        let parent = extract(Some(W3C), None);
        let span = TracedSpan::start_with_parent(&parent, SpanKind::Server, "GET /", Vec::new());
        let propagated = span.in_span(async { traceparent() }).await;
        assert_eq!((propagated.as_deref(), traceparent()), (Some(W3C), None));
        span.end(true);
    }

    #[test]
    fn valid_w3c_header_takes_precedence_over_x_ray() {
        let x_ray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let extracted = |w3c, x_ray| traceparent_of(&extract(w3c, x_ray));
        assert_eq!(extracted(Some(W3C), Some(x_ray)).as_deref(), Some(W3C));
        let other = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(extracted(Some("nonsense"), Some(x_ray)).as_deref(), Some(other));
        assert_eq!((extracted(None, None), extracted(None, Some("Root=1"))), (None, None));
    }
}
