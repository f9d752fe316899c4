//! One instance of a function: what it is working on, and how it is ended.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{sync::watch, time::Instant};

use crate::faults::Killable;
use crate::services::lambda::InvokeError;
use crate::services::lambda::runtime::invocation::PendingInvocation;

/// Lambda gives the init phase ten seconds ("Lambda execution environment lifecycle" in the developer guide).
const INIT_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct Instance {
    pub(super) id: u64,
    pub(super) stem: Arc<str>,
    timeout: Duration,
    state: Mutex<State>,
    deadline: watch::Sender<Option<Instant>>,
    retiring: watch::Sender<bool>,
    end: watch::Sender<Option<ShutdownMode>>,
    exited: watch::Sender<bool>,
}

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShutdownMode {
    /// It is told, if it has an extension, and has a while to come to an end by itself.
    Graceful,
    /// At once, wherever it is.
    Killed,
}

#[derive(Default)]
struct State {
    ready: bool,
    /// Whether it has an extension, without which Lambda announces no end.
    set_graceful: bool,
    current: Option<PendingInvocation>,
    /// When it was given what it works on.
    since: Option<Instant>,
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
            end: watch::Sender::new(None),
            exited: watch::Sender::new(false),
        }
    }

    /// Notes the process that it runs in.
    pub(super) fn runs_in(&self, process: Option<u32>) {
        self.lock().process = process;
    }

    /// The process that it runs in, once there is one.
    pub(super) fn process(&self) -> Option<u32> {
        self.lock().process
    }

    /// Marks the end of the init phase; `true` the first time.
    pub(super) fn becomes_ready(&self) -> bool {
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

    /// Begins to work on a job.
    pub(super) fn begin(&self, job: PendingInvocation) {
        let mut state = self.lock();
        (state.current, state.since) = (Some(job), Some(Instant::now()));
        drop(state);
        self.deadline.send_replace(Some(Instant::now() + self.timeout));
    }

    /// The time-out of one invocation.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Ends the current job, whose answer has arrived, and says how long it took; `None` if the instance is not working on
    /// this request.
    pub(super) fn finish(&self, request_id: &str) -> Option<(PendingInvocation, Duration)> {
        let mut state = self.lock();
        let job = state.current.take_if(|job| job.invocation.request_id == request_id)?;
        let took = state.since.take().map(|since| since.elapsed());
        drop(state);
        self.deadline.send_replace(None);
        Some((job, took.unwrap_or_default()))
    }

    /// Takes the job away from an instance that will not finish it.
    pub(super) fn abandon(&self) -> Option<PendingInvocation> {
        self.lock().current.take()
    }

    /// The deadline has passed: whoever waits hears so at once, the process is killed next.
    pub(super) fn time_out(&self) {
        if let Some(job) = self.abandon() {
            let error = InvokeError::TimedOut { function: self.stem.to_string(), after: self.timeout };
            job.answer(Err(error));
        } else if !self.is_ready() {
            self.failed_to_start(format!("it did not ask for an event within {INIT_LIMIT:?}"));
        }
        self.deadline.send_replace(None);
    }

    pub(super) fn deadline(&self) -> watch::Receiver<Option<Instant>> {
        self.deadline.subscribe()
    }

    /// Keeps what the function reported about its failed start.
    pub(super) fn failed_to_start(&self, report: String) {
        self.lock().init_error = Some(report);
    }

    pub(super) fn init_error(&self) -> Option<String> {
        self.lock().init_error.clone()
    }

    /// Asks the instance to take no further event, and waits until it has ended.
    pub(super) async fn retire(&self) {
        self.retiring.send_replace(true);
        let mut exited = self.exited.subscribe();
        let _ = exited.wait_for(|exited| *exited).await;
    }

    /// Returns when the instance is to take no further event.
    pub(super) async fn retires(&self) {
        let mut retiring = self.retiring.subscribe();
        let _ = retiring.wait_for(|retiring| *retiring).await;
    }

    /// Has the process ended, in order if it is not being killed already.
    pub(super) fn ends(&self) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(ShutdownMode::Graceful).is_none());
    }

    /// Has the process ended in order, and waits until it is gone.
    pub(super) async fn shut_down(&self) {
        self.ends();
        let mut exited = self.exited.subscribe();
        let _ = exited.wait_for(|exited| *exited).await;
    }

    /// Marks an instance whose end is to be announced.
    pub(super) fn set_graceful(&self) {
        self.lock().set_graceful = true;
    }

    /// Returns once the process is to be ended: how.
    pub(super) async fn end(&self) -> ShutdownMode {
        let mut end = self.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(end) if *end == Some(ShutdownMode::Graceful) && self.lock().set_graceful => {
                ShutdownMode::Graceful
            }
            _ => ShutdownMode::Killed,
        }
    }

    /// Returns once the process is to be killed.
    pub(super) async fn is_killed(&self) {
        let mut end = self.end.subscribe();
        let _ = end.wait_for(|end| *end == Some(ShutdownMode::Killed)).await;
    }

    /// Returns when the instance is about to be killed, or has ended.
    pub(super) async fn dies(&self) {
        let mut exited = self.exited.subscribe();
        tokio::select! {
            () = self.is_killed() => {}
            _ = exited.wait_for(|exited| *exited) => {}
        }
    }

    pub(super) fn has_exited(&self) {
        self.exited.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Killable for Instance {
    fn kill(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.end.send_replace(Some(ShutdownMode::Killed));
            let mut exited = self.exited.subscribe();
            let _ = exited.wait_for(|exited| *exited).await;
        })
    }
}
