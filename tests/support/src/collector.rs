//! An OTLP collector over HTTP that records the spans it receives.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span, status};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A received span.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSpan {
    /// Name of the function.
    pub service: String,
    /// Name of the span.
    pub name: String,
    /// `Server`, `Client`, `Producer`, `Consumer` or `Internal`.
    pub kind: String,
    /// Trace id in hexadecimal digits.
    pub trace: String,
    /// Span id.
    pub id: String,
    /// Id of the parent span; empty if there is none.
    pub parent: String,
    /// Attributes.
    pub attributes: BTreeMap<String, String>,
    /// Events, each with its name and attributes.
    pub events: Vec<(String, BTreeMap<String, String>)>,
    /// True if the status is an error.
    pub failed: bool,
}

/// Behaviour of the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectorMode {
    /// Accepts requests.
    Accepting,
    /// Accepts connections but never responds.
    Unresponsive,
}

/// A collector on a free port; dropping it stops the server.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    spans: Mutex<Vec<RecordedSpan>>,
    raw: Mutex<Vec<u8>>,
    mode: watch::Sender<CollectorMode>,
}

impl Collector {
    /// Starts a collector.
    ///
    /// # Panics
    /// If it cannot listen.
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let shared = Arc::new(Shared {
            spans: Mutex::default(),
            raw: Mutex::default(),
            mode: watch::Sender::new(CollectorMode::Accepting),
        });
        let router = Router::new().route("/v1/traces", post(receive)).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or_default() });
        Self { address, shared, server }
    }

    /// Base URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the behaviour for all later requests.
    pub fn set_mode(&self, mode: CollectorMode) {
        self.shared.mode.send_replace(mode);
    }

    /// Received spans in order of arrival.
    #[must_use]
    pub fn spans(&self) -> Vec<RecordedSpan> {
        lock(&self.shared.spans).clone()
    }

    /// Received request bodies, concatenated.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        lock(&self.shared.raw).clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `POST /v1/traces`
async fn receive(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    if *shared.mode.borrow() == CollectorMode::Unresponsive {
        // The exporter times out, and the spans are lost.
        std::future::pending::<()>().await;
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body.clone()) else { return StatusCode::BAD_REQUEST };
    lock(&shared.raw).extend_from_slice(&body);
    lock(&shared.spans).extend(request.resource_spans.into_iter().flat_map(recorded_spans));
    StatusCode::OK
}

fn recorded_spans(spans: ResourceSpans) -> Vec<RecordedSpan> {
    let resource = attributes(&spans.resource.unwrap_or_default().attributes);
    let service = resource.get("service.name").cloned().unwrap_or_default();
    let spans = spans.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(|span| RecordedSpan { service: service.clone(), ..recorded_span(&span) }).collect()
}

fn recorded_span(span: &Span) -> RecordedSpan {
    let kind = span::SpanKind::try_from(span.kind).unwrap_or_default();
    let failed = span.status.as_ref().is_some_and(|status| status.code == status::StatusCode::Error as i32);
    RecordedSpan {
        service: String::new(),
        name: span.name.clone(),
        kind: format!("{kind:?}"),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        attributes: attributes(&span.attributes),
        events: span.events.iter().map(|event| (event.name.clone(), attributes(&event.attributes))).collect(),
        failed,
    }
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(yes)) => yes.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
