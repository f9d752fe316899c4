//! Span export: OTLP over HTTP, as protobuf ("OpenTelemetry Protocol Specification").
//!
//! Finished spans are buffered and exported at the end of the invocation, on the runtime of the function: a
//! background thread could be frozen in the middle of a request. A collector that does not respond delays one
//! invocation by at most [`EXPORT_TIMEOUT`] and is then skipped for [`COOLDOWN`]. Rejected spans are kept, up
//! to [`MAX_BUFFERED_BYTES`], and exported with later ones.

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

/// Timeout of an export request: less than the half second that Lambda grants for a shutdown.
pub const EXPORT_TIMEOUT: Duration = Duration::from_millis(400);
/// Time without exports after a failure.
pub const COOLDOWN: Duration = Duration::from_secs(10);
/// Maximum size of the buffer for a collector that does not respond.
pub const MAX_BUFFERED_BYTES: usize = 512 * 1024;
/// Maximum number of buffered spans of one invocation.
const MAX_BUFFERED_SPANS: usize = 4_096;

static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Starts recording spans for this collector.
pub(super) fn start(collector: &OtlpConfig, config: &TelemetryConfig) -> Result<(), ConfigError> {
    let exporter = Exporter::new(collector, config)?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource(config))
        .with_span_processor(exporter.finished.clone())
        .build();
    if EXPORTER.set(exporter).is_ok() {
        trace::set_tracer(provider.tracer("agora"));
    }
    Ok(())
}

/// Exports finished spans, unless the last export failed recently.
pub(super) async fn flush() {
    let Some(exporter) = EXPORTER.get() else { return };
    exporter.encode_finished();
    if exporter.is_cooling_down(SystemClock.now()) {
        return;
    }
    let failed_at = if exporter.send().await { None } else { Some(SystemClock.now()) };
    exporter.record_failure(failed_at);
}

/// Exports the remaining spans at the end of the process, even if the last export failed.
pub(super) async fn finish() {
    if let Some(exporter) = EXPORTER.get() {
        exporter.encode_finished();
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

/// Finished spans that are not encoded yet.
#[derive(Debug, Clone, Default)]
struct FinishedSpans(Arc<Mutex<Vec<SpanData>>>);

impl FinishedSpans {
    fn lock(&self) -> MutexGuard<'_, Vec<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for FinishedSpans {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        let mut spans = self.lock();
        if spans.len() < MAX_BUFFERED_SPANS {
            spans.push(span);
        } else {
            metrics::count(&SPANS_DROPPED, []);
        }
    }

    /// A no-op: spans are exported in [`flush`], which can wait.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Encoded spans.
#[derive(Debug)]
struct Batch {
    spans: usize,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Exporter {
    finished: FinishedSpans,
    backlog: Mutex<VecDeque<Batch>>,
    resource: ResourceAttributesWithSchema,
    url: reqwest::Url,
    headers: http::HeaderMap,
    http: reqwest::Client,
    failed_at: Mutex<Option<Timestamp>>,
}

impl Exporter {
    fn new(collector: &OtlpConfig, config: &TelemetryConfig) -> Result<Self, ConfigError> {
        let invalid = |rule: String| invalid_variable("OTEL_EXPORTER_OTLP_ENDPOINT", rule);
        let url = format!("{}/v1/traces", collector.endpoint.trim_end_matches('/'));
        let url: reqwest::Url = url.parse().map_err(|error| invalid(format!("must be a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("must begin with http:// or https://".to_owned()));
        }
        let http = reqwest::Client::builder().timeout(EXPORT_TIMEOUT).retry(reqwest::retry::never()).build();
        Ok(Self {
            finished: FinishedSpans::default(),
            backlog: Mutex::default(),
            resource: (&resource(config)).into(),
            url,
            headers: collector.headers.clone(),
            http: http.map_err(|error| invalid(format!("cannot be used: {error}")))?,
            failed_at: Mutex::default(),
        })
    }

    /// Encodes the finished spans and adds them to the backlog; drops the oldest batches if it is too large.
    fn encode_finished(&self) {
        let spans = std::mem::take(&mut *self.finished.lock());
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

    /// Sends the backlog; returns true if the collector accepted it. The batches are concatenated to one
    /// request, because protobuf merges concatenated messages ("Encoding", Last One Wins).
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
                tracing::warn!(error = %error.without_url(), "failed to export spans");
                let mut backlog = self.backlog();
                for batch in batches.into_iter().rev() {
                    backlog.push_front(batch);
                }
                false
            }
        }
    }

    /// Returns true for [`COOLDOWN`] after the last failure, so that only one invocation pays the timeout of
    /// a collector that is down.
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
        Exporter::new(&collector, &config).unwrap()
    }

    #[test]
    fn full_backlog_drops_the_oldest_batch() {
        let exporter = exporter();
        for spans in 1..=3 {
            exporter.backlog().push_back(Batch { spans, bytes: vec![0; MAX_BUFFERED_BYTES / 2] });
        }
        exporter.encode_finished();
        let kept: Vec<usize> = exporter.backlog().iter().map(|batch| batch.spans).collect();
        assert_eq!(kept, [2, 3]);
    }

    #[test]
    fn failed_export_starts_a_cooldown_that_ends() {
        let (exporter, now) = (exporter(), SystemClock.now());
        assert!(!exporter.is_cooling_down(now));
        exporter.record_failure(Some(now));
        assert!(
            exporter.is_cooling_down(now.saturating_add(COOLDOWN).saturating_sub(Duration::from_millis(1)))
        );
        assert!(!exporter.is_cooling_down(now.saturating_add(COOLDOWN)));
        exporter.record_failure(None);
        assert!(!exporter.is_cooling_down(now));
    }

    #[tokio::test]
    async fn failed_export_keeps_the_backlog_in_order() {
        let exporter = exporter();
        for spans in 1..=2 {
            exporter.backlog().push_back(Batch { spans, bytes: vec![1] });
        }
        assert!(!exporter.send().await, "no server listens on this port");
        let kept: Vec<usize> = exporter.backlog().iter().map(|batch| batch.spans).collect();
        assert_eq!(kept, [1, 2]);
    }
}
