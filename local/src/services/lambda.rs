//! Function hosts: our own Lambda Runtime API ([`RuntimeHost`]), or `cargo lambda watch` ([`WatchHost`]).
//! Functions are invoked through [`FunctionHost`] only.

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

/// Host that runs functions.
pub trait FunctionHost: Send + Sync {
    /// Invokes a function by its stem and waits for its response.
    ///
    /// The result is [`InvokeError::Function`] if the function returned an error, [`InvokeError::TimedOut`]
    /// if it exceeded its timeout, [`InvokeError::Crashed`] if its process exited, [`InvokeError::Start`] if
    /// it could not be started, and [`InvokeError::Unreachable`] if the host does not respond.
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        invocation: Invocation,
    ) -> BoxFuture<'a, Result<Bytes, InvokeError>>;

    /// Maximum number of concurrent invocations of a function.
    fn concurrency(&self, function: &str) -> usize;

    /// Kills every instance of a function, waits until their processes have exited, and returns their number.
    fn kill<'a>(&'a self, function: &'a str) -> BoxFuture<'a, usize>;

    /// Deploys a new environment to the functions. Instances are replaced one after the other, each after it
    /// has finished its current invocation, so that no invocation fails. Returns when no old instance is
    /// left, or [`WatchError`] if `cargo lambda watch` does not restart.
    fn deploy<'a>(&'a self, functions: &'a [Function]) -> BoxFuture<'a, Result<(), WatchError>>;

    /// Counters by function.
    fn stats(&self) -> BTreeMap<String, FunctionStats>;

    /// Stops everything that this host has started.
    fn shutdown(&self) -> BoxFuture<'_, ()>;
}

/// Invocation of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Event as JSON.
    pub payload: Bytes,
    /// Id of the invocation.
    pub request_id: String,
    /// X-Ray trace header.
    pub trace: String,
}

impl Invocation {
    /// Creates an invocation with a new request id and trace.
    #[must_use]
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), request_id: aws_ids::uuid(), trace: aws_ids::trace() }
    }
}

/// Counters of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStats {
    /// Invocations that were started.
    pub invocations: u64,
    /// Instances that were started.
    pub cold_starts: u64,
    /// Instances whose process exited during startup or an invocation, including killed ones.
    pub crashes: u64,
    /// Invocations that exceeded the timeout.
    pub timeouts: u64,
    /// Invocations that returned an error.
    pub errors: u64,
    /// Total duration of the invocations that returned a response.
    pub busy: Duration,
    /// Number of instances at present.
    pub instances: u64,
}

/// Phase in which an instance exited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the first request for an event.
    Init,
    /// During an invocation.
    Invoke,
}

/// Failure of an invocation.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// No function has this stem.
    #[error("function `{0}` not found")]
    Unknown(String),
    /// The function returned an error.
    #[error("{error_type}: {message}")]
    Function {
        /// Error type, as reported by the runtime.
        error_type: String,
        /// Error message.
        message: String,
        /// Full error report, as Lambda returns it to the caller.
        payload: Bytes,
    },
    /// The process exited.
    #[error("`{function}` exited during {phase:?}: {detail}")]
    Crashed {
        /// Stem of the function.
        function: String,
        /// Phase.
        phase: Phase,
        /// Exit status, or error report of the failed startup.
        detail: String,
    },
    /// The function exceeded its timeout. Its process has been killed, as Lambda does.
    #[error("`{function}` timed out after {after:?}")]
    TimedOut {
        /// Stem of the function.
        function: String,
        /// Timeout of the function.
        after: Duration,
    },
    /// The binary cannot be started.
    #[error("cannot start `{function}` from {path}: {source}")]
    Start {
        /// Stem of the function.
        function: String,
        /// Expected path of the binary.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The function host does not respond.
    #[error("the function host does not respond: {0}")]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    /// The connection to the function host was closed during a response.
    #[error("the function host's response is incomplete: {0}")]
    IncompleteResponse(#[from] hyper::Error),
    /// The response of the function is not JSON.
    #[error("the response is not JSON: {0}")]
    InvalidResponse(#[from] serde_json::Error),
    /// The stack is stopping.
    #[error("the stack is stopping")]
    Stopped,
}
