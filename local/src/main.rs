//! Command-line program of the local stack.

mod cli;
mod commands;

use std::{fs, io, process::ExitCode};

use clap::Parser;
use local::dev;
use local::dev::{env_file, sample_data, watch_routes};
use local::keys::local_secrets::Secrets;
use local::system::console;
use local::template::Template;

use cli::{Cli, Command, WatchRoutesArguments};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Dev(arguments) => {
            dev::run(arguments.into(), Some(sample_data::run)).await.map_err(CliError::from)
        }
        Command::WatchRoutes(arguments) => print_or_write_routes(&arguments),
        Command::Payments(arguments) => commands::payments::run(arguments).await.map_err(CliError::from),
        Command::RunFunction { binary, arguments } => {
            Err(CliError::Run(env_file::run_function(&binary, &arguments)))
        }
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
enum CliError {
    #[error(transparent)]
    Dev(#[from] dev::DevError),
    #[error("{path}: {source}")]
    Template { path: std::path::PathBuf, source: local::template::TemplateError },
    #[error(transparent)]
    Secrets(#[from] local::keys::local_secrets::SecretError),
    #[error("payment sandbox: {0}")]
    Payments(#[from] commands::payments::PaymentsCommandError),
    #[error("{path}: {source}")]
    Manifest { path: std::path::PathBuf, source: io::Error },
    #[error("{0} contains no table {header}", header = watch_routes::HEADER)]
    NoTable(std::path::PathBuf),
    #[error("cannot run the function: {0}")]
    Run(io::Error),
}

fn print_or_write_routes(arguments: &WatchRoutesArguments) -> Result<(), CliError> {
    let invalid = |source| CliError::Template { path: arguments.template.clone(), source };
    let template = Template::read(&arguments.template).map_err(invalid)?;
    let secrets = Secrets::generate(&template)?;
    let mut parameters = template.development_parameters();
    parameters.extend(secrets.parameters(&template));
    let deployment = template.resolve(&parameters, "http://localhost").map_err(invalid)?;
    if !arguments.write {
        console::line(watch_routes::HEADER);
        console::line(watch_routes::table(&deployment).trim_end());
        return Ok(());
    }
    let path = &arguments.manifest;
    let failed = |source| CliError::Manifest { path: path.clone(), source };
    let manifest = fs::read_to_string(path).map_err(failed)?;
    let updated =
        watch_routes::update(&manifest, &deployment).ok_or_else(|| CliError::NoTable(path.clone()))?;
    fs::write(path, updated).map_err(failed)
}
