//! State of one instance of a function: its current invocation, deadline and shutdown.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{sync::watch, time::Instant};

use crate::faults::Killable;
use crate::services::lambda::InvokeError;
use crate::services::lambda::runtime::invocation::PendingInvocation;

/// Maximum duration of the init phase ("Lambda execution environment lifecycle" in the developer guide).
const INIT_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct Instance {
    pub(super) id: u64,
    pub(super) stem: Arc<str>,
    timeout: Duration,
    state: Mutex<State>,
    deadline: watch::Sender<Option<Instant>>,
    retiring: watch::Sender<bool>,
    shutdown_mode: watch::Sender<Option<ShutdownMode>>,
    exited: watch::Sender<bool>,
}

/// Manner in which a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShutdownMode {
    /// An instance with an extension gets SIGTERM and time to exit by itself.
    Graceful,
    /// The process is killed at once.
    Killed,
}

#[derive(Default)]
struct State {
    ready: bool,
    /// True if the function has an extension. Lambda announces the shutdown to extensions only.
    has_extension: bool,
    current: Option<PendingInvocation>,
    /// Start of the current invocation.
    started_at: Option<Instant>,
    process: Option<u32>,
    init_error: Option<String>,
}

impl Instance {
    pub(super) fn new(id: u64, stem: &str, timeout: Duration) -> Self {
        Self {
            id,
            stem: stem.into(),
            timeout,
            state: Mutex::default(),
            deadline: watch::Sender::new(Some(Instant::now() + INIT_LIMIT)),
            retiring: watch::Sender::new(false),
            shutdown_mode: watch::Sender::new(None),
            exited: watch::Sender::new(false),
        }
    }

    /// Records the process id.
    pub(super) fn set_process(&self, process: Option<u32>) {
        self.lock().process = process;
    }

    /// Process id, once the process has started.
    pub(super) fn process(&self) -> Option<u32> {
        self.lock().process
    }

    /// Marks the end of the init phase. Returns true the first time.
    pub(super) fn mark_ready(&self) -> bool {
        let mut state = self.lock();
        let first = !state.ready;
        state.ready = true;
        if first {
            self.deadline.send_replace(None);
        }
        first
    }

    pub(super) fn is_ready(&self) -> bool {
        self.lock().ready
    }

    /// Starts an invocation.
    pub(super) fn begin(&self, pending: PendingInvocation) {
        let mut state = self.lock();
        (state.current, state.started_at) = (Some(pending), Some(Instant::now()));
        drop(state);
        self.deadline.send_replace(Some(Instant::now() + self.timeout));
    }

    /// Timeout of an invocation.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Ends the current invocation and returns it with its duration. `None` if the instance is not processing
    /// this request.
    pub(super) fn finish(&self, request_id: &str) -> Option<(PendingInvocation, Duration)> {
        let mut state = self.lock();
        let pending = state.current.take_if(|pending| pending.invocation.request_id == request_id)?;
        let took = state.started_at.take().map(|started_at| started_at.elapsed());
        drop(state);
        self.deadline.send_replace(None);
        Some((pending, took.unwrap_or_default()))
    }

    /// Takes the current invocation away from an instance that will not finish it.
    pub(super) fn abandon(&self) -> Option<PendingInvocation> {
        self.lock().current.take()
    }

    /// Handles an expired deadline: the waiting caller gets the error at once, before the process is killed.
    pub(super) fn time_out(&self) {
        if let Some(pending) = self.abandon() {
            let error = InvokeError::TimedOut { function: self.stem.to_string(), after: self.timeout };
            pending.respond(Err(error));
        } else if !self.is_ready() {
            self.set_init_error(format!("no event was requested within {INIT_LIMIT:?}"));
        }
        self.deadline.send_replace(None);
    }

    pub(super) fn deadline(&self) -> watch::Receiver<Option<Instant>> {
        self.deadline.subscribe()
    }

    /// Stores the function's error report of its failed startup.
    pub(super) fn set_init_error(&self, report: String) {
        self.lock().init_error = Some(report);
    }

    pub(super) fn init_error(&self) -> Option<String> {
        self.lock().init_error.clone()
    }

    /// Asks the instance to take no further events, and waits until its process has exited.
    pub(super) async fn retire(&self) {
        self.retiring.send_replace(true);
        let mut exited = self.exited.subscribe();
        let _ = exited.wait_for(|exited| *exited).await;
    }

    /// Waits until the instance is to take no further events.
    pub(super) async fn until_retired(&self) {
        let mut retiring = self.retiring.subscribe();
        let _ = retiring.wait_for(|retiring| *retiring).await;
    }

    /// Requests a graceful shutdown, unless the process is being killed already.
    pub(super) fn begin_shutdown(&self) {
        self.shutdown_mode.send_if_modified(|shutdown_mode| {
            shutdown_mode.is_none() && shutdown_mode.replace(ShutdownMode::Graceful).is_none()
        });
    }

    /// Requests a graceful shutdown and waits until the process has exited.
    pub(super) async fn shut_down(&self) {
        self.begin_shutdown();
        let mut exited = self.exited.subscribe();
        let _ = exited.wait_for(|exited| *exited).await;
    }

    /// Marks an instance that has an extension, so that it is shut down gracefully.
    pub(super) fn register_extension(&self) {
        self.lock().has_extension = true;
    }

    /// Waits until the process is to be ended, and returns the manner.
    pub(super) async fn shutdown_mode(&self) -> ShutdownMode {
        let mut shutdown_mode = self.shutdown_mode.subscribe();
        match shutdown_mode.wait_for(Option::is_some).await {
            Ok(shutdown_mode)
                if *shutdown_mode == Some(ShutdownMode::Graceful) && self.lock().has_extension =>
            {
                ShutdownMode::Graceful
            }
            _ => ShutdownMode::Killed,
        }
    }

    /// Waits until the process is to be killed.
    pub(super) async fn until_killed(&self) {
        let mut shutdown_mode = self.shutdown_mode.subscribe();
        let _ = shutdown_mode.wait_for(|shutdown_mode| *shutdown_mode == Some(ShutdownMode::Killed)).await;
    }

    /// Waits until the instance is to be killed or its process has exited.
    pub(super) async fn until_killed_or_exited(&self) {
        let mut exited = self.exited.subscribe();
        tokio::select! {
            () = self.until_killed() => {}
            _ = exited.wait_for(|exited| *exited) => {}
        }
    }

    pub(super) fn mark_exited(&self) {
        self.exited.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Killable for Instance {
    fn kill(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.shutdown_mode.send_replace(Some(ShutdownMode::Killed));
            let mut exited = self.exited.subscribe();
            let _ = exited.wait_for(|exited| *exited).await;
        })
    }
}
