//! Why a stack does not start.

use std::{io, path::PathBuf};

use crate::keys::local_secrets::SecretError;
use crate::services::dynamodb::DatabaseError;
use crate::services::lambda::WatchError;
use crate::services::sqs::QueueError;
use crate::template::TemplateError;
use stripe_sandbox::OpenError;

/// Why functions do not get other values.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The template refuses the values.
    #[error(transparent)]
    Parameters(#[from] TemplateError),
    /// The environment cannot be written.
    #[error("cannot write the functions' environment: {0}")]
    Environment(#[from] io::Error),
    /// `cargo lambda watch` does not start again.
    #[error(transparent)]
    Watch(#[from] WatchError),
}

/// Why a stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template cannot be run.
    #[error("{path}: {source}")]
    Template {
        /// The template.
        path: PathBuf,
        /// What is wrong with it.
        source: TemplateError,
    },
    /// A port is taken.
    #[error("port {port} ({what}) cannot be used: {source}; choose another with {flag}")]
    Port {
        /// The port.
        port: u16,
        /// What was to listen there.
        what: &'static str,
        /// The flag that changes it.
        flag: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// The state folder cannot be used.
    #[error("cannot use the state folder {path}: {source}")]
    State {
        /// The folder, or a file in it.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The embedded DynamoDB does not run.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The embedded SQS does not run.
    #[error(transparent)]
    Queues(#[from] QueueError),
    /// There are no secrets.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The payment sandbox does not open its book.
    #[error("payment sandbox: {0}")]
    Payments(#[from] OpenError),
    /// `cargo lambda watch` does not run.
    #[error(transparent)]
    Watch(#[from] WatchError),
}
