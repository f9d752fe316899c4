//! `local dev`: the whole system on one machine, from the first port to the last goodbye.

pub mod env_file;
mod rotation;
pub mod sample_data;
mod warm;
pub mod watch_routes;

use std::{error::Error, io, path::PathBuf};

use futures::future::BoxFuture;

use crate::services::lambda::InvokeError;
use crate::services::sqs::QueueError;
use crate::stack::{HostChoice, Ports};
use crate::system::console;
use crate::system::signals::Signals;
use crate::telemetry::logs::Sink;
use crate::template::{Parameters, Template};
use crate::{Stack, StackBuilder, StartError};

/// Puts sample data into a stack that answers.
pub type Seeder = for<'a> fn(&'a Stack) -> BoxFuture<'a, Result<(), Box<dyn Error + Send + Sync>>>;

/// Where functions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Under `cargo lambda watch`, with hot reload.
    Watch,
    /// As built, behind our own Runtime API.
    Runtime,
}

/// What `local dev` is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// The template.
    pub template: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// Where functions run.
    pub host: Host,
    /// Folder of built functions, for [`Host::Runtime`].
    pub bin_dir: PathBuf,
    /// The services' ports.
    pub ports: Ports,
    /// Port of `cargo lambda watch`.
    pub watch_port: u16,
    /// Values for the template's parameters.
    pub parameters: Parameters,
    /// Whether schedules run.
    pub schedules: bool,
}

/// Why `local dev` ends with a failure.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The stack does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Signals cannot be received.
    #[error("cannot listen for signals: {0}")]
    Signals(#[from] io::Error),
    /// The sample data cannot be put in.
    #[error("cannot put in the sample data: {0}")]
    Seed(Box<dyn Error + Send + Sync>),
    /// Messages cannot be kept.
    #[error("stopped, but {0}")]
    Stop(#[from] QueueError),
}

/// Runs the stack until Ctrl-C or SIGTERM.
///
/// # Errors
/// [`DevError`] with what went wrong, in one line.
pub async fn run(options: Options, seeder: Option<Seeder>) -> Result<(), DevError> {
    let mut stopped = Signals::new()?;
    let stack = tokio::select! {
        stack = builder(&options).start() => stack?,
        () = stopped.any() => return Ok(()),
    };
    print_addresses(&stack, &options);
    let prepared = tokio::select! {
        prepared = prepare(&stack, &options, seeder) => prepared,
        () = stopped.any() => {
            console::line("stopping");
            return Ok(stack.shutdown().await?);
        }
    };
    if prepared.is_ok() {
        tokio::select! {
            () = rotation::follow(&stack, &options.state) => {}
            () = stopped.any() => {}
        }
    }
    console::line("stopping");
    let kept = stack.shutdown().await;
    prepared?;
    Ok(kept?)
}

fn builder(options: &Options) -> StackBuilder {
    let host = match options.host {
        Host::Runtime => HostChoice::Runtime,
        Host::Watch => {
            let folder = options.template.parent().filter(|folder| !folder.as_os_str().is_empty());
            let workspace = folder.map_or_else(|| PathBuf::from("."), PathBuf::from);
            let search = vec![workspace.join(".venv/bin")];
            HostChoice::Watch { workspace, port: options.watch_port, search }
        }
    };
    let builder = StackBuilder::new(&options.template)
        .state_dir(&options.state)
        .bin_dir(&options.bin_dir)
        .ports(options.ports)
        .schedules(options.schedules)
        .output(Sink::Terminal)
        .host(host);
    let given = options.parameters.iter().map(|(name, value)| (name.clone(), value.clone()));
    roomy_limits(options)
        .into_iter()
        .chain(given)
        .fold(builder, |builder, (name, value)| builder.parameter(name, value))
}

/// Limits on requests of the template, a hundred times as high: a developer with a script is no flood.
fn roomy_limits(options: &Options) -> Vec<(String, String)> {
    // A template that does not read is reported when the stack starts.
    let Ok(template) = Template::read(&options.template) else { return Vec::new() };
    let limits = ["ReadsPerMinute", "WritesPerMinute", "OrdersPerMinute"].into_iter();
    let roomy =
        limits.filter_map(|name| Some((name.to_owned(), (template.default_number(name)? * 100).to_string())));
    roomy.collect()
}

fn print_addresses(stack: &Stack, options: &Options) {
    let env = options.state.join("env");
    console::line(format_args!("API              {}", stack.url()));
    console::line(format_args!("DynamoDB         {}", stack.dynamodb_endpoint()));
    console::line(format_args!("SQS              {}", stack.sqs_endpoint()));
    console::line(format_args!("payment sandbox  {}", stack.payments_endpoint()));
    console::line(format_args!("e-mails          {}", stack.mail_endpoint()));
    console::line(format_args!("metrics          {}", stack.metrics_endpoint()));
    console::line(format_args!("environment      {0}   (cargo lambda watch --env-file {0})", env.display()));
}

/// Waits until the functions answer, puts in the sample data, and says that all is ready.
async fn prepare(stack: &Stack, options: &Options, seeder: Option<Seeder>) -> Result<(), DevError> {
    if options.host == Host::Watch {
        console::line("building the functions; the first time this takes minutes");
    }
    let mut silent = Vec::new();
    for function in &stack.deployment().functions {
        if let Err(error) = warm::up(stack, function).await {
            console::problem(format_args!("{} does not answer: {error}{}", function.stem, hint(&error)));
            silent.push(function.stem.as_str());
        }
    }
    if let Some(seed) = seeder {
        seed(stack).await.map_err(DevError::Seed)?;
    }
    match silent.as_slice() {
        [] => console::line("ready"),
        silent => console::line(format_args!("ready, except for {}", silent.join(", "))),
    }
    Ok(())
}

fn hint(error: &InvokeError) -> &'static str {
    match error {
        InvokeError::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "; build the functions with `cargo build`, or name their folder with --bin-dir"
        }
        _ => "",
    }
}
