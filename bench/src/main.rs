//! The command `bench`.

use std::process::ExitCode;

use bench::cli::Cli;
use bench::command::{self, Outcome};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(command::run(Cli::parse())).await {
        Ok(Outcome::Met) => ExitCode::SUCCESS,
        Ok(Outcome::Missed) => ExitCode::FAILURE,
        Err(error) => command::says(&error),
    }
}
