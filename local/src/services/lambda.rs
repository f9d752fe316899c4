//! Where functions run: behind our own Lambda Runtime API ([`RuntimeHost`]), or under `cargo lambda watch`
//! ([`WatchHost`]). Everything that invokes a function does so through [`FunctionHost`].

mod kill;
mod runtime;
mod watch;

use std::{collections::BTreeMap, io, path::PathBuf, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;

pub use runtime::{RuntimeHost, RuntimeSettings, Upstream};
pub use watch::{WatchError, WatchHost, WatchSettings};

use crate::system::aws_ids;
use crate::template::Function;

/// Runs functions.
pub trait FunctionHost: Send + Sync {
    /// Invokes a function by its stem and waits for its answer.
    ///
    /// The future ends in [`InvokeError::Function`] if the function answered with an error,
    /// [`InvokeError::TimedOut`] if it took longer than its time-out, [`InvokeError::Crashed`] if its process ended,
    /// [`InvokeError::Start`] if it could not be started at all, and [`InvokeError::Unreachable`] if the host itself
    /// does not answer.
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        invocation: Invocation,
    ) -> BoxFuture<'a, Result<Bytes, InvokeError>>;

    /// How many invocations of a function can run at the same time.
    fn concurrency(&self, function: &str) -> usize;

    /// Kills every instance of a function and waits until they are gone; says how many there were.
    fn kill<'a>(&'a self, function: &'a str) -> BoxFuture<'a, usize>;

    /// Gives functions their new environment, as a deployment does: instances are replaced one after the other, each
    /// once it has answered what it is working on, and no invocation fails of it. Ends when no old instance is left,
    /// or in [`WatchError`] if the functions run under `cargo lambda watch` and it does not start again.
    fn deploy<'a>(&'a self, functions: &'a [Function]) -> BoxFuture<'a, Result<(), WatchError>>;

    /// What happened so far, by function.
    fn stats(&self) -> BTreeMap<String, FunctionStats>;

    /// Stops everything that this host has started.
    fn shutdown(&self) -> BoxFuture<'_, ()>;
}

/// One event on its way to a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The event, as JSON.
    pub payload: Bytes,
    /// Id of the invocation.
    pub request_id: String,
    /// X-Ray trace header.
    pub trace: String,
}

impl Invocation {
    /// An invocation with an id and a trace of its own.
    #[must_use]
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), request_id: aws_ids::uuid(), trace: aws_ids::trace() }
    }
}

/// Counters of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStats {
    /// Invocations that were begun.
    pub invocations: u64,
    /// Instances that were started.
    pub cold_starts: u64,
    /// Instances whose process ended while it was starting or busy, killed ones included.
    pub crashes: u64,
    /// Invocations that took longer than the time-out.
    pub time_outs: u64,
    /// Invocations that ended in an error of the function.
    pub errors: u64,
    /// How long instances have worked on events that they answered, together.
    pub busy: Duration,
    /// Instances that live now.
    pub instances: u64,
}

/// In which phase an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before it asked for its first event.
    Init,
    /// While it worked on an event.
    Invoke,
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function.
    #[error("there is no function `{0}`")]
    Unknown(String),
    /// The function answered with an error.
    #[error("{error_type}: {message}")]
    Function {
        /// The error's type, as the runtime reported it.
        error_type: String,
        /// The error's message.
        message: String,
        /// The whole report, as Lambda would hand it to the caller.
        payload: Bytes,
    },
    /// The process ended.
    #[error("`{function}` ended during {phase:?}: {detail}")]
    Crashed {
        /// The function.
        function: String,
        /// When.
        phase: Phase,
        /// Exit status, or the report of the failed start.
        detail: String,
    },
    /// The function took too long; its process has been killed, as Lambda does.
    #[error("`{function}` timed out after {after:?}")]
    TimedOut {
        /// The function.
        function: String,
        /// Its time-out.
        after: Duration,
    },
    /// The binary could not be started.
    #[error("cannot start `{function}` from {path}: {source}")]
    Start {
        /// The function.
        function: String,
        /// Where the binary should be.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The host does not answer.
    #[error("the function host does not answer: {0}")]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    /// The host's answer broke off.
    #[error("the function host's answer broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// The function's answer is not what it should be.
    #[error("the answer is no JSON: {0}")]
    Answer(#[from] serde_json::Error),
    /// The stack is stopping.
    #[error("the stack is stopping")]
    Stopped,
}
