//! Command `bench`.

use std::process::ExitCode;

use bench::cli::Cli;
use bench::run;
use bench::run::Outcome;
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run::run(Cli::parse())).await {
        Ok(Outcome::Met) => ExitCode::SUCCESS,
        Ok(Outcome::Missed) => ExitCode::FAILURE,
        Err(error) => run::print_error(&error),
    }
}
