//! Errors of starting and deploying a stack.

use std::{io, path::PathBuf};

use crate::keys::local_secrets::SecretError;
use crate::services::dynamodb::DatabaseError;
use crate::services::lambda::WatchError;
use crate::services::sqs::QueueError;
use crate::template::TemplateError;
use stripe_sandbox::OpenError;

/// Failure of a deployment.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The template rejects the parameters.
    #[error(transparent)]
    Parameters(#[from] TemplateError),
    /// The environment file cannot be written.
    #[error("cannot write the functions' environment: {0}")]
    Environment(#[from] io::Error),
    /// `cargo lambda watch` does not restart.
    #[error(transparent)]
    Watch(#[from] WatchError),
}

/// Failure to start a stack.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template cannot be read or resolved.
    #[error("{path}: {source}")]
    Template {
        /// Path of the template.
        path: PathBuf,
        /// Cause.
        source: TemplateError,
    },
    /// A port cannot be bound.
    #[error("port {port} ({what}) cannot be used: {source}; choose another with {flag}")]
    Port {
        /// Port number.
        port: u16,
        /// Service that uses the port.
        what: &'static str,
        /// Flag that sets the port.
        flag: &'static str,
        /// Cause.
        source: io::Error,
    },
    /// The state folder cannot be used.
    #[error("cannot use the state folder {path}: {source}")]
    State {
        /// Path of the folder, or of a file in it.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The embedded DynamoDB does not start.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The embedded SQS does not start.
    #[error(transparent)]
    Queues(#[from] QueueError),
    /// The secrets cannot be loaded or generated.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The database file of the payment sandbox cannot be opened.
    #[error("payment sandbox: {0}")]
    Payments(#[from] OpenError),
    /// `cargo lambda watch` does not start.
    #[error(transparent)]
    Watch(#[from] WatchError),
}
