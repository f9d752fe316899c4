//! Metrics of the functions in the Prometheus text format.
//!
//! The functions print their metrics in the CloudWatch embedded metric format (EMF). This module aggregates
//! the lines and serves the result at `/metrics`, with help text and type from the functions' metrics
//! catalogue.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use prometheus::{CounterVec, Encoder, GaugeVec, HistogramOpts, HistogramVec, Opts, Registry, TextEncoder};
use serde_json::Value;
use shared::kit::telemetry::catalogue::{ALL, Entry, Kind, NAMESPACE, Unit};

/// Text that only EMF lines contain. Inside a JSON string, its quotation marks would be escaped.
const EMF_MARKER: &str = r#""_aws":{"#;

/// Labels that identify the source of a value.
const ORIGIN_LABELS: [&str; 2] = ["stage", "function"];

/// Upper bounds of the histogram buckets, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Aggregated metrics of all functions. Clones share the same state.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    families: Arc<HashMap<&'static str, (&'static Entry, Family)>>,
}

/// Prometheus metric family.
#[derive(Debug)]
enum Family {
    Counter(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let families =
            ALL.iter().filter_map(|entry| Some((entry.name, (entry, Family::of(entry, &registry).ok()?))));
        Self { families: Arc::new(families.collect()), registry }
    }
}

impl Family {
    fn of(entry: &Entry, registry: &Registry) -> Result<Self, prometheus::Error> {
        let labels: Vec<&str> = ORIGIN_LABELS.iter().chain(entry.dimensions).copied().collect();
        let (name, help) = (prometheus_name(entry), entry.help);
        Ok(match entry.kind {
            Kind::Counter => {
                let family = CounterVec::new(Opts::new(name, help), &labels)?;
                registry.register(Box::new(family.clone()))?;
                Self::Counter(family)
            }
            Kind::Gauge => {
                let family = GaugeVec::new(Opts::new(name, help), &labels)?;
                registry.register(Box::new(family.clone()))?;
                Self::Gauge(family)
            }
            Kind::Distribution => {
                let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
                let family = HistogramVec::new(options, &labels)?;
                registry.register(Box::new(family.clone()))?;
                Self::Histogram(family)
            }
        })
    }

    fn add(&self, labels: &[&str], value: f64) {
        match self {
            Self::Counter(family) => family.with_label_values(labels).inc_by(value),
            Self::Gauge(family) => family.with_label_values(labels).set(value),
            Self::Histogram(family) => family.with_label_values(labels).observe(value),
        }
    }
}

/// Prometheus name of a metric: `CacheHits` becomes `agora_cache_hits_total`. Metrics of HTTP have their usual
/// names, without the namespace: `HttpRequestDuration` becomes `http_request_duration_seconds`.
fn prometheus_name(entry: &Entry) -> String {
    let mut name = String::new();
    if !entry.name.starts_with("Http") {
        name.push_str(&NAMESPACE.to_lowercase());
    }
    for character in entry.name.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name.push_str(match (entry.kind, entry.unit) {
        (Kind::Counter, _) => "_total",
        (_, Unit::Milliseconds) => "_seconds",
        _ => "",
    });
    name
}

/// Converts a value to the unit of Prometheus: seconds for durations.
#[expect(clippy::float_arithmetic, reason = "metrics are floating-point numbers")]
fn in_base_unit(value: f64, unit: Unit) -> f64 {
    if unit == Unit::Milliseconds { value / 1_000.0 } else { value }
}

impl Metrics {
    /// Returns true if a log line is in the embedded metric format.
    #[must_use]
    pub fn is_emf_line(line: &str) -> bool {
        line.starts_with('{') && line.contains(EMF_MARKER)
    }

    /// Adds the values of a line. Metrics that are not in the catalogue are ignored; a tidy test checks that
    /// there are none.
    pub fn read(&self, line: &str) {
        let Ok(document) = serde_json::from_str::<Value>(line) else { return };
        for (entry, family) in self.families.values() {
            let labels: Option<Vec<&str>> =
                ORIGIN_LABELS.iter().chain(entry.dimensions).map(|name| document[*name].as_str()).collect();
            let (Some(labels), Some(value)) = (labels, document.get(entry.name)) else { continue };
            for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                if let Some(value) = value.as_f64() {
                    family.add(&labels, in_base_unit(value, entry.unit));
                }
            }
        }
    }

    /// All metrics in the Prometheus text format.
    ///
    /// # Errors
    /// Any error from encoding the metrics.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Routes: `GET /metrics`.
    pub(crate) fn router(&self) -> Router {
        Router::new().route("/metrics", get(show)).with_state(self.clone())
    }
}

async fn show(State(metrics): State<Metrics>) -> Response {
    match metrics.text() {
        Ok(text) => {
            ([(header::CONTENT_TYPE, TextEncoder::new().format_type().to_owned())], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use shared::kit::system::clock::Timestamp;
    use shared::kit::telemetry::catalogue::{BREAKER_STATE, CACHE_HITS, HTTP_REQUEST_DURATION};
    use shared::kit::telemetry::metrics::Registry as FunctionMetrics;
    use shared::kit::telemetry::{ServiceIdentity, emf};

    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_has_a_family() {
        assert_eq!(Metrics::default().families.len(), ALL.len());
    }

    #[test]
    fn emf_lines_are_aggregated_with_help_and_type() {
        let (metrics, recorded) = (Metrics::default(), FunctionMetrics::new());
        let origin = ServiceIdentity { stage: "local".to_owned(), function: "api-markets".to_owned() };
        for state in 0..2 {
            recorded.record(&CACHE_HITS, ["markets"], 2.0);
            recorded.record(&BREAKER_STATE, ["gateway"], f64::from(state));
            recorded.record(&HTTP_REQUEST_DURATION, ["GET", "/v1/markets", "200"], 7.0);
            for line in emf::lines(recorded.take(), &origin, Timestamp::from_millis(0)) {
                assert!(Metrics::is_emf_line(&line), "{line}");
                metrics.read(&line);
            }
        }
        let text = metrics.text().unwrap();
        for expected in [
            "# TYPE agora_cache_hits_total counter",
            r#"agora_cache_hits_total{cache="markets",function="api-markets",stage="local"} 4"#,
            r#"agora_breaker_state{dependency="gateway",function="api-markets",stage="local"} 1"#,
            &format!("# HELP http_request_duration_seconds {}", HTTP_REQUEST_DURATION.help),
            "# TYPE http_request_duration_seconds histogram",
            r#"method="GET",route="/v1/markets",stage="local",status="200",le="0.01"} 2"#,
            r#"method="GET",route="/v1/markets",stage="local",status="200",le="0.005"} 0"#,
        ] {
            assert!(text.contains(expected), "{expected} is missing in\n{text}");
        }
    }
}
