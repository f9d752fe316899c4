//! Output of the functions on standard output and standard error.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::system::{clock, console};
use crate::telemetry::metrics::Metrics;

/// Maximum number of lines kept for [`Logs::lines`]. The oldest are dropped first.
const MAX_LINES: usize = 50_000;

/// Destination of log lines, in addition to memory.
#[derive(Debug)]
pub enum Sink {
    /// No further destination.
    Memory,
    /// The terminal. Each line is prefixed with `[stem]`.
    Terminal,
    /// A file. Each line is prefixed with `[stem]`.
    File(File),
}

impl Sink {
    /// Creates a sink that writes a new file.
    ///
    /// # Errors
    /// Any error from creating the file.
    pub fn file(path: &Path) -> io::Result<Self> {
        File::create(path).map(Self::File)
    }
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

    pub(crate) fn record(&self, function: &Arc<str>, line: String) {
        let metrics = Metrics::is_emf_line(&line);
        if metrics {
            self.inner.metrics.read(&line);
        }
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.sink {
            Sink::Memory => {}
            // Metrics lines are omitted on the terminal.
            Sink::Terminal if metrics => {}
            Sink::Terminal => console::line(format_args!("[{function}] {line}")),
            Sink::File(file) => {
                // A full disk must not stop the functions.
                let _ = writeln!(file, "[{function}] {line}");
            }
        }
        if state.lines.len() == MAX_LINES {
            state.lines.pop_front();
        }
        state.lines.push_back((Arc::clone(function), line));
        drop(state);
        self.inner.version.send_modify(|version| *version += 1);
    }
}
