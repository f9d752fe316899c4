//! What the functions write to standard output and standard error.

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

/// Lines kept for [`Logs::lines`]; older ones are forgotten.
const KEPT: usize = 50_000;

/// Where lines go besides the memory.
#[derive(Debug)]
pub enum Sink {
    /// Nowhere.
    Memory,
    /// To the terminal, each line after `[stem]`.
    Terminal,
    /// To a file, each line after `[stem]`.
    File(File),
}

impl Sink {
    /// A sink that writes a new file.
    ///
    /// # Errors
    /// Whatever creating the file fails with.
    pub fn file(path: &Path) -> io::Result<Self> {
        File::create(path).map(Self::File)
    }
}

/// The collected output of all functions. Cheap to clone.
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
    /// No lines yet; new ones go to `sink` too.
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        let state = Mutex::new(State { lines: VecDeque::new(), sink });
        Self { inner: Arc::new(Inner { state, metrics: Metrics::default(), version: watch::Sender::new(0) }) }
    }

    /// Everything that a function has written so far, line by line.
    #[must_use]
    pub fn lines(&self, function: &str) -> Vec<String> {
        let state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lines.iter().filter(|(stem, _)| &**stem == function).map(|(_, line)| line.clone()).collect()
    }

    /// Waits until a function has written a line that contains `text`; `None` when that takes longer than `limit`.
    ///
    /// Output reaches this process shortly after the answer of an invocation, so a test that looks at a log line has
    /// to wait for it.
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

    /// What the functions count, read from what they print.
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
            // People read the terminal; metrics are for programs.
            Sink::Terminal if metrics => {}
            Sink::Terminal => console::line(format_args!("[{function}] {line}")),
            Sink::File(file) => {
                // A full disk must not take the functions down with it.
                let _ = writeln!(file, "[{function}] {line}");
            }
        }
        if state.lines.len() == KEPT {
            state.lines.pop_front();
        }
        state.lines.push_back((Arc::clone(function), line));
        drop(state);
        self.inner.version.send_modify(|version| *version += 1);
    }
}
