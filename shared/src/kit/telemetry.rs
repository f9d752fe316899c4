//! Telemetry: what a function tells about itself while it works.
//!
//! [`logs`] are for people: one JSON object a line. [`metrics`] are counted in memory and printed once an invocation, as
//! the lines that CloudWatch reads metrics from ([`emf`]); [`catalogue`] says which there are. [`trace`] follows a piece of
//! work through functions and queues; what takes part in it is sent to a collector ([`export`]), if there is one.
//!
//! Nothing here may fail what it watches, and nothing keeps it waiting for longer than [`otlp::PATIENCE`].

pub mod aws_sdk_spans;
pub mod catalogue;
pub mod emf;
pub mod logs;
pub mod metrics;
pub mod otlp;
pub mod trace;

use std::io::Write;
use std::sync::OnceLock;

use crate::kit::system::clock::{Clock, SystemClock};
use crate::kit::system::config::{ConfigError, TelemetryConfig};

/// Whose telemetry it is: what every metric is told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceIdentity {
    /// The deployment.
    pub stage: String,
    /// The function.
    pub function: String,
}

static ORIGIN: OnceLock<ServiceIdentity> = OnceLock::new();

/// Sends the process's log to standard output, and its spans to the collector, if it has one.
///
/// A second call, as tests make, changes nothing.
///
/// # Errors
/// [`ConfigError`] if the collector's address is none.
pub fn start(config: &TelemetryConfig) -> Result<(), ConfigError> {
    logs::start(config);
    ORIGIN.get_or_init(|| ServiceIdentity { stage: config.stage.clone(), function: config.function.clone() });
    match &config.collector {
        Some(collector) => otlp::start(collector, config),
        None => Ok(()),
    }
}

/// Lets out what was gathered; at the end of an invocation.
pub async fn flush() {
    print_metrics();
    otlp::flush().await;
}

/// Lets out what is left; at the end of the process, when there is no later.
pub async fn finish() {
    otlp::finish().await;
    print_metrics();
}

/// All lines in one piece, so that nothing of the log gets in between.
fn print_metrics() {
    let Some(origin) = ORIGIN.get() else { return };
    let mut text = emf::lines(metrics::REGISTRY.take(), origin, SystemClock.now()).join("\n");
    if !text.is_empty() {
        text.push('\n');
        // Whoever reads standard output may be gone; the function works without.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
}
