//! Spans on their way to a collector: OTLP over HTTP, as protobuf ("OpenTelemetry Protocol Specification").
//!
//! Spans that ended are kept in memory, and sent at the end of the invocation by whoever runs it, on its own runtime: there
//! is no thread that a freeze could catch in the middle, and nothing that blocks the only one there is. A collector that
//! does not answer costs an invocation [`PATIENCE`] at most, and is then left alone for [`REST`]; what it did not take is
//! kept, up to [`MOST_BYTES`], and sent with what comes later.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use prost::Message;

use super::catalogue::SPANS_DROPPED;
use super::{metrics, trace};
use crate::kit::system::clock::{Clock, SystemClock, Timestamp};
use crate::kit::system::config::{ConfigError, OtlpConfig, TelemetryConfig, invalid_variable};

/// How long a collector may take: less than the half second that Lambda leaves a process at its end.
pub const EXPORT_TIMEOUT: Duration = Duration::from_millis(400);
/// How long one that failed is left alone.
pub const COOLDOWN: Duration = Duration::from_secs(10);
/// How much is kept for a collector that does not answer.
pub const MAX_BUFFERED_BYTES: usize = 512 * 1024;
/// How many spans of one invocation are kept.
const MOST_SPANS: usize = 4_096;

static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Records spans from now on, for this collector.
pub(super) fn start(collector: &OtlpConfig, config: &TelemetryConfig) -> Result<(), ConfigError> {
    let exporter = Exporter::to(collector, config)?;
    let recorder = SdkTracerProvider::builder()
        .with_resource(resource(config))
        .with_span_processor(exporter.ended.clone())
        .build();
    if EXPORTER.set(exporter).is_ok() {
        trace::record_with(recorder.tracer("agora"));
    }
    Ok(())
}

/// Sends what ended, if the collector is well.
pub(super) async fn flush() {
    let Some(exporter) = EXPORTER.get() else { return };
    exporter.gather();
    if exporter.is_cooling_down(SystemClock.now()) {
        return;
    }
    let failed_at = if exporter.send().await { None } else { Some(SystemClock.now()) };
    exporter.record_failure(failed_at);
}

/// Sends what is left, whether the collector was well or not: there is no later.
pub(super) async fn finish() {
    if let Some(exporter) = EXPORTER.get() {
        exporter.gather();
        exporter.send().await;
    }
}

fn resource(config: &TelemetryConfig) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.namespace", "agora"),
            KeyValue::new("service.name", config.function.clone()),
            KeyValue::new("faas.name", config.function.clone()),
            KeyValue::new("deployment.environment.name", config.stage.clone()),
        ])
        .build()
}

/// Spans that ended and were not sent yet.
#[derive(Debug, Clone, Default)]
struct EndedSpans(Arc<Mutex<Vec<SpanData>>>);

impl EndedSpans {
    fn lock(&self) -> MutexGuard<'_, Vec<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for EndedSpans {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        let mut spans = self.lock();
        if spans.len() < MOST_SPANS {
            spans.push(span);
        } else {
            metrics::count(&SPANS_DROPPED, []);
        }
    }

    /// They are sent where one can wait: in [`flush`].
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Spans in the form that the collector takes.
#[derive(Debug)]
struct Batch {
    spans: usize,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Exporter {
    ended: EndedSpans,
    backlog: Mutex<VecDeque<Batch>>,
    resource: ResourceAttributesWithSchema,
    url: reqwest::Url,
    headers: http::HeaderMap,
    http: reqwest::Client,
    failed_at: Mutex<Option<Timestamp>>,
}

impl Exporter {
    fn to(collector: &OtlpConfig, config: &TelemetryConfig) -> Result<Self, ConfigError> {
        let wrong = |rule: String| invalid_variable("OTEL_EXPORTER_OTLP_ENDPOINT", rule);
        let url = format!("{}/v1/traces", collector.endpoint.trim_end_matches('/'));
        let url: reqwest::Url = url.parse().map_err(|error| wrong(format!("is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("must begin with http:// or https://".to_owned()));
        }
        let http = reqwest::Client::builder().timeout(EXPORT_TIMEOUT).retry(reqwest::retry::never()).build();
        Ok(Self {
            ended: EndedSpans::default(),
            backlog: Mutex::default(),
            resource: (&resource(config)).into(),
            url,
            headers: collector.headers.clone(),
            http: http.map_err(|error| wrong(format!("cannot be called: {error}")))?,
            failed_at: Mutex::default(),
        })
    }

    /// Puts spans that ended among what is to be sent; what is too much goes, the oldest first.
    fn gather(&self) {
        let spans = std::mem::take(&mut *self.ended.lock());
        let mut backlog = self.backlog();
        if !spans.is_empty() {
            let count = spans.len();
            let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
            let bytes = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
            backlog.push_back(Batch { spans: count, bytes });
        }
        while backlog.iter().map(|batch| batch.bytes.len()).sum::<usize>() > MAX_BUFFERED_BYTES {
            let Some(dropped) = backlog.pop_front() else { break };
            let count = u32::try_from(dropped.spans).unwrap_or(u32::MAX);
            metrics::record(&SPANS_DROPPED, [], f64::from(count));
        }
    }

    /// Whether the collector took all there is. Requests that stand one behind the other are one request: that is how
    /// protobuf joins messages ("Encoding", Last One Wins).
    async fn send(&self) -> bool {
        let batches = std::mem::take(&mut *self.backlog());
        if batches.is_empty() {
            return true;
        }
        let body: Vec<u8> = batches.iter().flat_map(|batch| &batch.bytes).copied().collect();
        let request = self.http.post(self.url.clone()).headers(self.headers.clone());
        let request = request.header(CONTENT_TYPE, "application/x-protobuf").body(body);
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the collector did not take spans");
                let mut backlog = self.backlog();
                for batch in batches.into_iter().rev() {
                    backlog.push_front(batch);
                }
                false
            }
        }
    }

    /// Returns true for [`REST`] after the last failure, so that a collector that is down costs one invocation its timeout
    /// and not every one.
    fn is_cooling_down(&self, now: Timestamp) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|failed_at| now.duration_since(failed_at) < COOLDOWN)
    }

    fn record_failure(&self, failed_at: Option<Timestamp>) {
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = failed_at;
    }

    fn backlog(&self) -> MutexGuard<'_, VecDeque<Batch>> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exporter() -> Exporter {
        let collector =
            OtlpConfig { endpoint: "http://127.0.0.1:9".to_owned(), headers: http::HeaderMap::new() };
        let config = TelemetryConfig {
            function: "f".to_owned(),
            stage: "test".to_owned(),
            level: tracing::Level::INFO,
            collector: None,
        };
        Exporter::to(&collector, &config).unwrap()
    }

    #[test]
    fn what_nobody_takes_is_kept_up_to_a_bound_and_the_oldest_goes_first() {
        let exporter = exporter();
        for spans in 1..=3 {
            exporter.backlog().push_back(Batch { spans, bytes: vec![0; MAX_BUFFERED_BYTES / 2] });
        }
        exporter.gather();
        let kept: Vec<usize> = exporter.backlog().iter().map(|batch| batch.spans).collect();
        assert_eq!(kept, [2, 3]);
    }

    #[test]
    fn failed_export_starts_a_cooldown_that_ends() {
        let (exporter, now) = (exporter(), SystemClock.now());
        assert!(!exporter.is_cooling_down(now));
        exporter.record_failure(Some(now));
        assert!(exporter.is_cooling_down(now.saturating_add(COOLDOWN - Duration::from_millis(1))));
        assert!(!exporter.is_cooling_down(now.saturating_add(COOLDOWN)));
        exporter.record_failure(None);
        assert!(!exporter.is_cooling_down(now));
    }

    #[tokio::test]
    async fn what_was_not_taken_is_there_the_next_time_in_the_same_order() {
        let exporter = exporter();
        for spans in 1..=2 {
            exporter.backlog().push_back(Batch { spans, bytes: vec![1] });
        }
        assert!(!exporter.send().await, "nobody listens there");
        let kept: Vec<usize> = exporter.backlog().iter().map(|batch| batch.spans).collect();
        assert_eq!(kept, [1, 2]);
    }
}
