//! The functions' metrics, as Prometheus reads them.
//!
//! The functions print what they count as CloudWatch reads it; here the same lines are added up and served at `/metrics`
//! in Prometheus' text format, with help and type from the catalogue that the functions count by.

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

/// What every line of metrics has, and no other: within a text, its quotation marks are escaped.
const MARK: &str = r#""_aws":{"#;

/// The labels that say whose a value is.
const ORIGIN: [&str; 2] = ["stage", "function"];

/// Upper bounds of a histogram's buckets, in milliseconds.
const BUCKETS: [f64; 12] =
    [1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0];

/// Metrics of all functions, added up. Clones share everything.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    families: Arc<HashMap<&'static str, (&'static Entry, Family)>>,
}

/// The values of a metric.
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
        let labels: Vec<&str> = ORIGIN.iter().chain(entry.dimensions).copied().collect();
        let (name, help) = (name_of(entry), entry.help);
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

/// `RequestLatency` in milliseconds is `agora_request_latency_milliseconds`; a counter ends in `_total`.
fn name_of(entry: &Entry) -> String {
    let mut name = NAMESPACE.to_lowercase();
    for letter in entry.name.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name.push_str(match (entry.kind, entry.unit) {
        (Kind::Counter, _) => "_total",
        (_, Unit::Milliseconds) => "_milliseconds",
        _ => "",
    });
    name
}

impl Metrics {
    /// Whether a line of the log is one of metrics.
    #[must_use]
    pub fn is_emf_line(line: &str) -> bool {
        line.starts_with('{') && line.contains(MARK)
    }

    /// Adds what a line says. What is not in the catalogue is left out; a tidy test sees to it that all is.
    pub fn read(&self, line: &str) {
        let Ok(document) = serde_json::from_str::<Value>(line) else { return };
        for (entry, family) in self.families.values() {
            let labels: Option<Vec<&str>> =
                ORIGIN.iter().chain(entry.dimensions).map(|name| document[*name].as_str()).collect();
            let (Some(labels), Some(value)) = (labels, document.get(entry.name)) else { continue };
            for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                if let Some(value) = value.as_f64() {
                    family.add(&labels, value);
                }
            }
        }
    }

    /// All of it, in Prometheus' text format.
    ///
    /// # Errors
    /// Whatever writing it fails with.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// `GET /metrics`
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
    use shared::kit::telemetry::catalogue::{BREAKER_STATE, CACHE_HITS, REQUEST_LATENCY};
    use shared::kit::telemetry::metrics::Registry as Counted;
    use shared::kit::telemetry::{ServiceIdentity, emf};

    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_has_its_family() {
        assert_eq!(Metrics::default().families.len(), ALL.len());
    }

    #[test]
    fn what_functions_print_is_added_up_and_told_with_help_and_type() {
        let (metrics, counted) = (Metrics::default(), Counted::new());
        let origin = ServiceIdentity { stage: "local".to_owned(), function: "api-markets".to_owned() };
        for half in 0..2 {
            counted.record(&CACHE_HITS, ["markets"], 2.0);
            counted.record(&BREAKER_STATE, ["gateway"], f64::from(half));
            counted.record(&REQUEST_LATENCY, ["GET /v1/markets", "2xx"], 7.0);
            for line in emf::lines(counted.take(), &origin, Timestamp::from_millis(0)) {
                assert!(Metrics::is_emf_line(&line), "{line}");
                metrics.read(&line);
            }
        }
        let text = metrics.text().unwrap();
        for expected in [
            "# TYPE agora_cache_hits_total counter",
            r#"agora_cache_hits_total{cache="markets",function="api-markets",stage="local"} 4"#,
            r#"agora_breaker_state{dependency="gateway",function="api-markets",stage="local"} 1"#,
            "# HELP agora_request_latency_milliseconds How long a request took",
            "# TYPE agora_request_latency_milliseconds histogram",
            r#"route="GET /v1/markets",stage="local",statusClass="2xx",le="10"} 2"#,
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }
}
