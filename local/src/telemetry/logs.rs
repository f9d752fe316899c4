//! Output of the functions on standard output and standard error.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::system::clock;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::terminal::Terminal;

/// Maximum number of lines kept for [`Logs::lines`]. The oldest are dropped first.
const MAX_LINES: usize = 50_000;

/// Destination of log lines, in addition to memory.
#[derive(Debug)]
pub enum Sink {
    /// No further destination.
    Memory,
    /// The terminal.
    Terminal(Terminal),
}

/// Collected output of all functions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Logs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    metrics: Metrics,
    version: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    lines: VecDeque<(Arc<str>, String)>,
    sink: Sink,
}

impl Logs {
    /// Creates an empty log whose lines also go to `sink`.
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        let state = Mutex::new(State { lines: VecDeque::new(), sink });
        Self { inner: Arc::new(Inner { state, metrics: Metrics::default(), version: watch::Sender::new(0) }) }
    }

    /// All lines that a function has written so far.
    #[must_use]
    pub fn lines(&self, function: &str) -> Vec<String> {
        let state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lines.iter().filter(|(stem, _)| &**stem == function).map(|(_, line)| line.clone()).collect()
    }

    /// Waits until a function has written a line that contains `text`. Returns `None` if that takes longer
    /// than `limit`.
    ///
    /// Output arrives shortly after the response of an invocation, so tests have to wait for log lines.
    pub async fn wait_for(&self, function: &str, text: &str, limit: Duration) -> Option<String> {
        let mut version = self.inner.version.subscribe();
        let search = async {
            loop {
                version.borrow_and_update();
                if let Some(line) = self.lines(function).into_iter().find(|line| line.contains(text)) {
                    return Some(line);
                }
                version.changed().await.ok()?;
            }
        };
        tokio::select! {
            found = search => found,
            () = clock::sleep(limit) => None,
        }
    }

    /// Metrics of the functions, parsed from their log lines.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Hides the access log of a request that the stack itself sends, unless the request fails.
    pub(crate) fn hide_request(&self, id: &str) {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Sink::Terminal(terminal) = &mut state.sink {
            terminal.hide_request(id);
        }
    }

    pub(crate) fn record(&self, function: &Arc<str>, line: String) {
        let metrics = Metrics::is_emf_line(&line);
        if metrics {
            self.inner.metrics.read(&line);
        }
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.sink {
            Sink::Memory => {}
            // Metrics lines are omitted on the terminal.
            Sink::Terminal(_) if metrics => {}
            Sink::Terminal(terminal) => terminal.print(function, &line),
        }
        if state.lines.len() == MAX_LINES {
            state.lines.pop_front();
        }
        state.lines.push_back((Arc::clone(function), line));
        drop(state);
        self.inner.version.send_modify(|version| *version += 1);
    }
}
