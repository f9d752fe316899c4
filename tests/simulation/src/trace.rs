//! Trace of a schedule, one line per step.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

/// Steps of a schedule.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    lines: Vec<String>,
    hash: DefaultHasher,
}

impl Trace {
    /// Adds a step.
    pub fn record(&mut self, elapsed: Duration, step: &str) {
        let line = format!("{:>4} {:>12.3}s  {step}", self.lines.len(), elapsed.as_secs_f64());
        self.hash.write(line.as_bytes());
        self.lines.push(line);
    }

    /// Lines of the trace.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Hash of all lines.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }
}
