//! `local dev`: starts the whole stack, waits for a signal and shuts the stack down.

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
use crate::telemetry::terminal::{LogFormat, Terminal};
use crate::template::{Parameters, Template};
use crate::{Stack, StackBuilder, StartError};

/// Function that writes sample data to a running stack.
pub type Seeder = for<'a> fn(&'a Stack) -> BoxFuture<'a, Result<(), Box<dyn Error + Send + Sync>>>;

/// Host of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Under `cargo lambda watch`, with hot reload.
    Watch,
    /// From their build folder, behind our own Lambda Runtime API.
    Runtime,
}

/// Options of `local dev`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Path of the SAM template.
    pub template: PathBuf,
    /// State folder.
    pub state: PathBuf,
    /// Host of the functions.
    pub host: Host,
    /// Folder of the built functions, for [`Host::Runtime`].
    pub bin_dir: PathBuf,
    /// Ports of the services.
    pub ports: Ports,
    /// Port of `cargo lambda watch`.
    pub watch_port: u16,
    /// Values of the template's parameters.
    pub parameters: Parameters,
    /// True if schedules run.
    pub schedules: bool,
    /// Format of the log.
    pub log_format: LogFormat,
}

/// Failure of `local dev`.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The stack failed to start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Signal handlers cannot be installed.
    #[error("cannot listen for signals: {0}")]
    Signals(#[from] io::Error),
    /// The sample data cannot be written.
    #[error("cannot write the sample data: {0}")]
    Seed(Box<dyn Error + Send + Sync>),
    /// The messages of the queues cannot be saved at shutdown.
    #[error("stopped, but the messages were not saved: {0}")]
    Stop(#[from] QueueError),
}

/// Runs the stack until Ctrl-C or SIGTERM.
///
/// # Errors
/// [`DevError`] if the stack fails to start, to load the sample data or to save its messages.
pub async fn run(options: Options, seeder: Option<Seeder>) -> Result<(), DevError> {
    let mut stopped = Signals::new()?;
    let stack = tokio::select! {
        stack = builder(&options).start() => stack?,
        () = stopped.any() => return Ok(()),
    };
    print_addresses(&stack, &options);
    let ready_result = tokio::select! {
        ready_result = prepare(&stack, &options, seeder) => ready_result,
        () = stopped.any() => {
            console::line("stopping");
            return Ok(stack.shutdown().await?);
        }
    };
    if ready_result.is_ok() {
        tokio::select! {
            () = rotation::follow(&stack, &options.state) => {}
            () = stopped.any() => {}
        }
    }
    console::line("stopping");
    let saved = stack.shutdown().await;
    ready_result?;
    Ok(saved?)
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
        .output(Sink::Terminal(Terminal::new(options.log_format)))
        .host(host);
    let explicit = options.parameters.iter().map(|(name, value)| (name.clone(), value.clone()));
    local_limits(options)
        .into_iter()
        .chain(explicit)
        .fold(builder, |builder, (name, value)| builder.parameter(name, value))
}

/// Request limits for local use: 100 times the defaults of the template, so that scripts are not
/// rate-limited.
fn local_limits(options: &Options) -> Vec<(String, String)> {
    // An invalid template is reported when the stack starts.
    let Ok(template) = Template::read(&options.template) else { return Vec::new() };
    let limits = ["ReadLimit", "WriteLimit", "OrderLimit"].into_iter();
    let raised =
        limits.filter_map(|name| Some((name.to_owned(), (template.default_number(name)? * 100).to_string())));
    raised.collect()
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

/// Invokes every function once, writes the sample data and reports that the stack is ready.
async fn prepare(stack: &Stack, options: &Options, seeder: Option<Seeder>) -> Result<(), DevError> {
    if options.host == Host::Watch {
        console::line("building the functions; the first time this takes minutes");
    }
    let mut unresponsive = Vec::new();
    for function in &stack.deployment().functions {
        if let Err(error) = warm::up(stack, function).await {
            console::problem(format_args!("{} does not respond: {error}{}", function.stem, hint(&error)));
            unresponsive.push(function.stem.as_str());
        }
    }
    if let Some(seed) = seeder {
        seed(stack).await.map_err(DevError::Seed)?;
    }
    match unresponsive.as_slice() {
        [] => console::line("ready"),
        unresponsive => console::line(format_args!("ready, except for {}", unresponsive.join(", "))),
    }
    Ok(())
}

fn hint(error: &InvokeError) -> &'static str {
    match error {
        InvokeError::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "; build the functions with `cargo build`, or pass their folder as --bin-dir"
        }
        _ => "",
    }
}
