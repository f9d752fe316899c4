//! Command-line arguments of the local stack.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use local::{
    dev::{Host, Options},
    stack::{Ports, default_bin_dir},
    telemetry::terminal::LogFormat,
};

/// Runs template.yaml on this machine.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts the whole stack: HTTP API, functions, tables, queues, streams, schedules and payment sandbox.
    Dev(DevArguments),
    /// Prints the template's routes as the root manifest lists them for `cargo lambda watch`.
    WatchRoutes(WatchRoutesArguments),
    /// Runs only the payment sandbox, for functions that run elsewhere.
    Payments(PaymentsArguments),
    /// Runs a function with its own environment variables. Cargo calls this as the runner.
    #[command(hide = true)]
    RunFunction {
        binary: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// Port of the HTTP API.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of the embedded DynamoDB.
    #[arg(long, default_value_t = 8000)]
    dynamodb_port: u16,
    /// Port of the embedded SQS.
    #[arg(long, default_value_t = 9324)]
    sqs_port: u16,
    /// Port of the payment sandbox.
    #[arg(long, default_value_t = 12111)]
    payments_port: u16,
    /// Port of the mail catcher, which receives the e-mails.
    #[arg(long, default_value_t = 8025)]
    mail_port: u16,
    /// Port of the embedded Bedrock. Functions call it only with `--parameter Embedder=titan`.
    #[arg(long, default_value_t = 8026)]
    bedrock_port: u16,
    /// Port that serves the functions' metrics.
    #[arg(long, default_value_t = 9464)]
    metrics_port: u16,
    /// Port of `cargo lambda watch`.
    #[arg(long, default_value_t = 9000)]
    watch_port: u16,
    /// Folder for the state that is kept between runs.
    #[arg(long, default_value = ".local")]
    state: PathBuf,
    /// Host that runs the functions.
    #[arg(long, value_enum, default_value_t = HostName::Watch)]
    host: HostName,
    /// Folder of the built functions, for `--host runtime`. Default: the folder that contains this program.
    #[arg(long)]
    bin_dir: Option<PathBuf>,
    /// SAM template of the deployment.
    #[arg(long, default_value = "template.yaml")]
    template: PathBuf,
    /// Value of a template parameter. Can be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Does not run the schedules.
    #[arg(long)]
    no_schedules: bool,
    /// Format of the log.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HostName {
    /// `cargo lambda watch`: builds the functions, and rebuilds them when their code changes.
    Watch,
    /// The built functions, run as Lambda runs them.
    Runtime,
}

#[derive(Debug, Args)]
pub(crate) struct PaymentsArguments {
    /// Port of the payment sandbox.
    #[arg(long, default_value_t = 12111)]
    pub(crate) port: u16,
    /// API key that callers must present.
    #[arg(long, default_value = "sk_test_sandbox")]
    pub(crate) key: String,
    /// Secret that webhooks are signed with.
    #[arg(long, default_value = "whsec_sandbox")]
    pub(crate) webhook_secret: String,
    /// URL of the webhook endpoint. Without it, no webhooks are sent.
    #[arg(long)]
    pub(crate) webhook_url: Option<String>,
    /// URL of the webhook endpoint for events of connected accounts. Without it, these are not sent.
    #[arg(long)]
    pub(crate) connect_webhook_url: Option<String>,
    /// Secret that the webhooks of connected accounts are signed with.
    #[arg(long, default_value = "whsec_connect_sandbox")]
    pub(crate) connect_webhook_secret: String,
    /// Database file of the sandbox. Without it, payments are kept in memory only.
    #[arg(long)]
    pub(crate) database: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchRoutesArguments {
    /// SAM template of the deployment.
    #[arg(long, default_value = "template.yaml")]
    pub(crate) template: PathBuf,
    /// Root manifest.
    #[arg(long, default_value = "Cargo.toml")]
    pub(crate) manifest: PathBuf,
    /// Writes the table to the manifest instead of printing it.
    #[arg(long)]
    pub(crate) write: bool,
}

/// A `--parameter` is not of the form `NAME=VALUE`.
#[derive(Debug, thiserror::Error)]
#[error("expected NAME=VALUE")]
struct InvalidParameter;

fn parameter(text: &str) -> Result<(String, String), InvalidParameter> {
    let (name, value) = text.split_once('=').ok_or(InvalidParameter)?;
    Ok((name.to_owned(), value.to_owned()))
}

impl From<DevArguments> for Options {
    fn from(arguments: DevArguments) -> Self {
        Self {
            template: arguments.template,
            state: arguments.state,
            host: match arguments.host {
                HostName::Watch => Host::Watch,
                HostName::Runtime => Host::Runtime,
            },
            bin_dir: arguments.bin_dir.unwrap_or_else(default_bin_dir),
            ports: Ports {
                gateway: arguments.port,
                dynamodb: arguments.dynamodb_port,
                sqs: arguments.sqs_port,
                payments: arguments.payments_port,
                mail: arguments.mail_port,
                bedrock: arguments.bedrock_port,
                metrics: arguments.metrics_port,
            },
            watch_port: arguments.watch_port,
            parameters: arguments.parameters.into_iter().collect(),
            schedules: !arguments.no_schedules,
            log_format: arguments.log_format,
        }
    }
}
