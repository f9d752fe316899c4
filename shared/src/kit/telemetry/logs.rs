//! Logs: one JSON object a line, with the ids that tie lines together at its top level.

use std::fmt;
use std::panic;

use json_subscriber::JsonLayer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::kit::system::clock::{Clock, SystemClock};
use crate::kit::system::config::TelemetryConfig;

/// Libraries whose log is kept at this level at most, whatever is asked for: below it they quote what they handle, down to
/// headers and bodies, and know nothing of what must not be said.
const QUOTING: [&str; 9] =
    ["aws_config", "aws_runtime", "aws_sdk", "aws_smithy", "h2", "hyper", "lambda_http", "reqwest", "rustls"];

/// Sends the process's log to standard output, and panics into the log.
pub(super) fn start(config: &TelemetryConfig) {
    let mut layer = JsonLayer::stdout();
    layer.with_timer("timestamp", Now);
    layer.with_level("level");
    layer.add_static_field("service", "agora".into());
    layer.add_static_field("stage", config.stage.clone().into());
    layer.add_static_field("function", config.function.clone().into());
    layer.with_top_level_flattened_span_list();
    layer.with_flattened_event();
    let level = LevelFilter::from_level(config.level);
    let quoting = QUOTING.map(|library| (library, level.min(LevelFilter::INFO)));
    let filter = Targets::new().with_default(level).with_targets(quoting);
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

/// Where a panic happened; not what it said, which may quote anything.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panic");
}

struct Now;

impl FormatTime for Now {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", SystemClock.now())
    }
}
