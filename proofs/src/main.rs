//! The command `proofs`.

use std::process::ExitCode;

use clap::Parser;
use proofs::cli::Cli;
use proofs::command::{self, Outcome};

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(command::run(Cli::parse())).await {
        Ok(Outcome::Holds) => ExitCode::SUCCESS,
        Ok(Outcome::Broken) => ExitCode::FAILURE,
        Err(error) => command::says(&error),
    }
}
