//! `local payments`: runs only the payment sandbox.

use std::{io, net::Ipv4Addr};

use local::system::console;
use local::system::signals::Signals;
use stripe_sandbox::{OpenError, Sandbox};
use tokio::net::TcpListener;

use crate::cli::PaymentsArguments;

/// Failure of `local payments`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentsCommandError {
    /// The port is in use, or signal handlers cannot be installed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The database file cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
}

/// Prints the address of the sandbox and serves it until Ctrl-C or SIGTERM.
pub(crate) async fn run(arguments: PaymentsArguments) -> Result<(), PaymentsCommandError> {
    let mut stopped = Signals::new()?;
    let sandbox = match &arguments.database {
        Some(path) => Sandbox::persistent(path, &arguments.key, &arguments.webhook_secret)?,
        None => Sandbox::in_memory(&arguments.key, &arguments.webhook_secret),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    console::line(format_args!("payment sandbox  http://{}", listener.local_addr()?));
    sandbox.set_webhook_url(arguments.webhook_url);
    sandbox.set_connect_webhook(arguments.connect_webhook_url, &arguments.connect_webhook_secret);
    tokio::select! {
        result = async { axum::serve(listener, sandbox.router()).await } => Ok(result?),
        () = stopped.any() => Ok(()),
    }
}
