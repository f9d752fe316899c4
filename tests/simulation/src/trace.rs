//! What happened in a schedule, step by step, each in one line.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

/// The steps of one schedule.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    lines: Vec<String>,
    hash: DefaultHasher,
}

impl Trace {
    /// Adds a step.
    pub fn note(&mut self, elapsed: Duration, step: &str) {
        let line = format!("{:>4} {:>12.3}s  {step}", self.lines.len(), elapsed.as_secs_f64());
        self.hash.write(line.as_bytes());
        self.lines.push(line);
    }

    /// The steps.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The same for two schedules exactly if all of their steps are.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }
}
