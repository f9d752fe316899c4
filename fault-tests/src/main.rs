//! Command `fault-tests`.

use std::process::ExitCode;

use clap::Parser;
use fault_tests::cli::Cli;
use fault_tests::run_cli;
use fault_tests::run_cli::Outcome;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run_cli::run(Cli::parse())).await {
        Ok(Outcome::Passed) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::FAILURE,
        Err(error) => run_cli::print_error(&error),
    }
}
