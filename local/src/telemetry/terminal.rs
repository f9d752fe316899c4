//! Log of the functions on the terminal. Functions always log JSON; the terminal shows one aligned line per
//! request and message.

mod build_output;
mod record;

use std::collections::HashSet;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use crate::system::console;
use build_output::BuildOutput;
use record::Record;

const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Format of the log on the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One aligned line per request and message, in colour on a terminal.
    Text,
    /// The lines of the functions, one JSON object each.
    Json,
}

/// Writer of the log on the terminal.
#[derive(Debug)]
pub struct Terminal {
    format: LogFormat,
    builds: BuildOutput,
    /// Ids of requests whose access log is not printed.
    hidden_requests: HashSet<String>,
}

impl Terminal {
    /// Creates a writer for this format.
    #[must_use]
    pub fn new(format: LogFormat) -> Self {
        Self { format, builds: BuildOutput::default(), hidden_requests: HashSet::new() }
    }

    /// Hides the access log of a request, unless its status is 500 or more.
    pub(super) fn hide_request(&mut self, id: &str) {
        self.hidden_requests.insert(id.to_owned());
    }

    /// Prints a line of the output of `source`, which is a function or `cargo-lambda`.
    pub(super) fn print(&mut self, source: &str, line: &str) {
        match self.format {
            LogFormat::Json if line.starts_with('{') => console::line(line),
            LogFormat::Json => console::problem(line),
            LogFormat::Text => {
                if let Some(text) = self.render(source, line) {
                    console::line(text);
                }
            }
        }
    }

    /// Renders a line as readable text; `None` if it is not printed.
    fn render(&mut self, source: &str, line: &str) -> Option<String> {
        if let Some(record) = Record::parse(line) {
            let is_hidden_request = record.is_access_log_below_500()
                && record.text("requestId").is_some_and(|id| self.hidden_requests.remove(&*id));
            return (!is_hidden_request && !record.is_clean_shutdown()).then(|| record.render());
        }
        if source == BuildOutput::SOURCE {
            return self.builds.render(line);
        }
        Some(format!("{:12}  {CYAN}{source:<19}{CYAN:#}  {line}", ""))
    }
}

#[cfg(test)]
mod tests;
