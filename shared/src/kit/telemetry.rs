//! Telemetry: logs, metrics and traces of a function.
//!
//! - [`logs`] writes one JSON object per line.
//! - [`metrics`] aggregates values in memory. They are printed once per invocation in CloudWatch's embedded
//!   metric format ([`emf`]); [`catalogue`] declares all metrics.
//! - [`trace`] follows a request through functions and queues. Spans are exported to a collector ([`otlp`]),
//!   if one is configured.
//!
//! Telemetry never fails the invocation that it observes, and delays it by at most [`otlp::EXPORT_TIMEOUT`].

pub mod aws_sdk_spans;
pub mod catalogue;
pub mod emf;
pub mod logs;
pub mod metrics;
pub mod otlp;
pub mod panics;
pub mod retries;
pub mod trace;

use std::io::Write;
use std::sync::OnceLock;

use crate::kit::system::clock::{Clock, SystemClock};
use crate::kit::system::config::{ConfigError, TelemetryConfig};

/// Service that emits the telemetry; its fields are dimensions of every metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceIdentity {
    /// Name of the deployment.
    pub stage: String,
    /// Name of the function.
    pub function: String,
}

static IDENTITY: OnceLock<ServiceIdentity> = OnceLock::new();

/// Starts logging to standard output, and recording spans if there is a collector.
///
/// A second call, which only tests make, has no effect.
///
/// # Errors
/// [`ConfigError`] if the address of the collector is invalid.
pub fn start(config: &TelemetryConfig) -> Result<(), ConfigError> {
    logs::start(config);
    IDENTITY
        .get_or_init(|| ServiceIdentity { stage: config.stage.clone(), function: config.function.clone() });
    match &config.collector {
        Some(collector) => otlp::start(collector, config),
        None => Ok(()),
    }
}

/// Prints the metrics and exports the spans, at the end of an invocation.
pub async fn flush() {
    print_metrics();
    otlp::flush().await;
}

/// Exports the remaining spans and prints the remaining metrics, at the end of the process.
pub async fn finish() {
    otlp::finish().await;
    print_metrics();
}

/// Prints all metrics in a single write, so that no log line is interleaved.
fn print_metrics() {
    let Some(identity) = IDENTITY.get() else { return };
    let mut text = emf::lines(metrics::REGISTRY.take(), identity, SystemClock.now()).join("\n");
    if !text.is_empty() {
        text.push('\n');
        // Fails if standard output is closed; the function works without it.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
}
