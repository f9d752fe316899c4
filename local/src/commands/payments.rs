//! `local payments`: the payment sandbox alone.

use std::{io, net::Ipv4Addr};

use local::system::console;
use local::system::signals::Signals;
use stripe_sandbox::{OpenError, Sandbox};
use tokio::net::TcpListener;

use crate::cli::PaymentsArguments;

/// Why the sandbox does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentsCommandError {
    /// Its port is taken, or signals cannot be received.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its book cannot be opened.
    #[error(transparent)]
    Book(#[from] OpenError),
}

/// Takes payments until Ctrl-C or SIGTERM, and says where.
pub(crate) async fn run(arguments: PaymentsArguments) -> Result<(), PaymentsCommandError> {
    let mut stopped = Signals::new()?;
    let PaymentsArguments { port, key, webhook_secret, webhook_url, book } = arguments;
    let sandbox = match book {
        Some(path) => Sandbox::persistent(&path, &key, &webhook_secret)?,
        None => Sandbox::in_memory(&key, &webhook_secret),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    console::line(format_args!("payment sandbox  http://{}", listener.local_addr()?));
    sandbox.set_webhook_url(webhook_url);
    tokio::select! {
        ended = async { axum::serve(listener, sandbox.router()).await } => Ok(ended?),
        () = stopped.any() => Ok(()),
    }
}
