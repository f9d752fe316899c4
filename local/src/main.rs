//! The command line of the local stack.

mod appoint;
mod cli;
mod rotate;
mod till;

use std::{fs, io, process::ExitCode};

use clap::Parser;
use local::{console, dev, env_file, router, secrets::Secrets, seed, stage, template::Template};

use cli::{Cli, Command, RouterArguments, SecretsArguments};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Dev(arguments) => dev::run(arguments.into(), Some(seed::run)).await.map_err(CliError::from),
        Command::Router(arguments) => show_router(&arguments),
        Command::Keys(command) => rotate::run(&command).map_err(CliError::from),
        Command::Payments(arguments) => till::run(arguments).await.map_err(CliError::from),
        Command::Appoint(arguments) => appoint::run(arguments).await.map_err(CliError::from),
        Command::Secrets(arguments) => make_secrets(&arguments),
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

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Dev(#[from] dev::DevError),
    #[error("{path}: {source}")]
    Template { path: std::path::PathBuf, source: local::template::TemplateError },
    #[error(transparent)]
    Keys(#[from] local::keys::command::KeysError),
    #[error(transparent)]
    Secrets(#[from] local::secrets::SecretError),
    #[error("payment sandbox: {0}")]
    Payments(#[from] till::TillError),
    #[error(transparent)]
    Appoint(#[from] appoint::AppointmentError),
    #[error(transparent)]
    Stage(#[from] stage::StageError),
    #[error("{path}: {source}")]
    Manifest { path: std::path::PathBuf, source: io::Error },
    #[error("{0} has no table {header}", header = router::HEADER)]
    NoTable(std::path::PathBuf),
    #[error("the function cannot be run: {0}")]
    Run(io::Error),
}

fn make_secrets(arguments: &SecretsArguments) -> Result<(), CliError> {
    let refused = |source| CliError::Template { path: arguments.template.clone(), source };
    let template = Template::read(&arguments.template).map_err(refused)?;
    for creation in stage::first_secrets(&template, &arguments.deployments, &arguments.stage)? {
        if creation.from_gateway {
            let file = creation.file.display();
            console::line(format_args!("# the payment gateway gives this one: write it to {file}, and then"));
        }
        console::line(creation);
    }
    Ok(())
}

fn show_router(arguments: &RouterArguments) -> Result<(), CliError> {
    let refused = |source| CliError::Template { path: arguments.template.clone(), source };
    let template = Template::read(&arguments.template).map_err(refused)?;
    let secrets = Secrets::generate(&template)?;
    let deployment = template.resolve(&secrets.parameters(&template), "http://localhost").map_err(refused)?;
    if !arguments.write {
        console::line(router::HEADER);
        console::line(router::table(&deployment).trim_end());
        return Ok(());
    }
    let path = &arguments.manifest;
    let failed = |source| CliError::Manifest { path: path.clone(), source };
    let manifest = fs::read_to_string(path).map_err(failed)?;
    let updated = router::update(&manifest, &deployment).ok_or_else(|| CliError::NoTable(path.clone()))?;
    fs::write(path, updated).map_err(failed)
}
