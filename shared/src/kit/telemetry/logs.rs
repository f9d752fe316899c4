//! Logs: one JSON object per line, with ids for correlation at the top level.

use std::fmt;

use json_subscriber::JsonLayer;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::kit::system::clock::{Clock, SystemClock};
use crate::kit::system::config::TelemetryConfig;
use crate::kit::telemetry::panics;

/// Libraries whose log messages below `INFO` are never logged: these quote headers and bodies, which may
/// contain confidential data.
const CAPPED_LIBRARIES: [&str; 9] =
    ["aws_runtime", "aws_sdk", "aws_sigv4", "aws_smithy", "h2", "hyper", "lambda_http", "reqwest", "rustls"];

/// Starts logging to standard output, and logs panics.
pub(super) fn start(config: &TelemetryConfig) {
    if subscriber(config, std::io::stdout).try_init().is_ok() {
        panics::install_hook();
    }
}

/// Writes the log of a function to `writer`.
pub fn subscriber<W>(config: &TelemetryConfig, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let mut layer = JsonLayer::new(writer);
    layer.with_timer("timestamp", SystemTime);
    layer.with_level("level");
    layer.add_static_field("service", "agora".into());
    layer.add_static_field("stage", config.stage.clone().into());
    layer.add_static_field("function", config.function.clone().into());
    layer.with_top_level_flattened_span_list();
    layer.with_flattened_event();
    let level = LevelFilter::from_level(config.level);
    let capped = CAPPED_LIBRARIES.map(|library| (library, level.min(LevelFilter::INFO)));
    let filter = Targets::new().with_default(level).with_targets(capped);
    tracing_subscriber::registry().with(filter).with(layer)
}

struct SystemTime;

impl FormatTime for SystemTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", SystemClock.now())
    }
}
