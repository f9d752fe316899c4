//! Operator tools for deployments on AWS: administrators, secrets and signing keys.

mod cli;
mod grant_admin;
mod keys;
mod markets;
mod operator_aws;
mod projection;
mod replay_events;
mod restore_market_status;
mod secrets;

use std::process::ExitCode;

use clap::Parser;
use local::system::console;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::GrantAdmin(arguments) => grant_admin::run(arguments).await.map_err(OpsError::from),
        Command::ReplayEvents(arguments) => replay_events::run(arguments).await.map_err(OpsError::from),
        Command::RestoreMarketStatus(arguments) => {
            restore_market_status::run(arguments).await.map_err(OpsError::from)
        }
        Command::Keys(command) => keys::run(&command).map_err(OpsError::from),
        Command::Secrets(arguments) => secrets::run(&arguments).map_err(OpsError::from),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::problem(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Failure of a command.
#[derive(Debug, thiserror::Error)]
enum OpsError {
    #[error(transparent)]
    GrantAdmin(#[from] grant_admin::GrantAdminError),
    #[error(transparent)]
    Keys(#[from] local::keys::commands::KeysError),
    #[error(transparent)]
    ReplayEvents(#[from] replay_events::ReplayError),
    #[error(transparent)]
    RestoreMarketStatus(#[from] restore_market_status::RestoreError),
    #[error(transparent)]
    Secrets(#[from] secrets::SecretsError),
}
