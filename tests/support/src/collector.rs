//! A collector of spans, as a tracing service would run: it takes OTLP over HTTP, and shows what it was sent.

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

/// A span as the collector was sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The function that it happened in.
    pub service: String,
    /// Its name.
    pub name: String,
    /// `Server`, `Client`, `Producer`, `Consumer` or `Internal`.
    pub kind: String,
    /// The trace, in hexadecimal digits.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of what led to it; empty if nothing did.
    pub parent: String,
    /// What is said of it.
    pub facts: BTreeMap<String, String>,
    /// Whether it failed.
    pub failed: bool,
}

/// How the collector treats requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectorMode {
    /// It takes them.
    Well,
    /// It accepts connections and says nothing.
    Silent,
}

/// A collector on a port of its own, for as long as it lives.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    spans: Mutex<Vec<Seen>>,
    raw: Mutex<Vec<u8>>,
    mood: watch::Sender<CollectorMode>,
}

impl Collector {
    /// A collector that listens.
    ///
    /// # Panics
    /// If there is no port for it.
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            spans: Mutex::default(),
            raw: Mutex::default(),
            mood: watch::Sender::new(CollectorMode::Well),
        });
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap_or_default() });
        Self { address, shared, server }
    }

    /// Its base address.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Treats requests in another way from now on.
    pub fn be(&self, mood: CollectorMode) {
        self.shared.mood.send_replace(mood);
    }

    /// What it was sent, in the order in which it came.
    #[must_use]
    pub fn spans(&self) -> Vec<Seen> {
        lock(&self.shared.spans).clone()
    }

    /// All that it was sent, byte by byte.
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
async fn take(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    if *shared.mood.borrow() == CollectorMode::Silent {
        // Whoever waits gives up; what it wanted to say is not heard.
        std::future::pending::<()>().await;
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body.clone()) else { return StatusCode::BAD_REQUEST };
    lock(&shared.raw).extend_from_slice(&body);
    lock(&shared.spans).extend(request.resource_spans.into_iter().flat_map(seen));
    StatusCode::OK
}

fn seen(of: ResourceSpans) -> Vec<Seen> {
    let resource = facts(&of.resource.unwrap_or_default().attributes);
    let service = resource.get("service.name").cloned().unwrap_or_default();
    let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(|span| Seen { service: service.clone(), ..one(&span) }).collect()
}

fn one(span: &Span) -> Seen {
    let kind = span::SpanKind::try_from(span.kind).unwrap_or_default();
    let failed = span.status.as_ref().is_some_and(|status| status.code == status::StatusCode::Error as i32);
    Seen {
        service: String::new(),
        name: span.name.clone(),
        kind: format!("{kind:?}"),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        facts: facts(&span.attributes),
        failed,
    }
}

fn facts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|fact| (fact.key.clone(), text(fact.value.as_ref()))).collect()
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
