//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use local::{
    dev::{Host, Options},
    stack::{Ports, default_bin_dir},
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
    /// Starts the whole system: the HTTP API, the functions, tables, queues, streams, schedules, and payments.
    Dev(DevArguments),
    /// Shows the template's routes as `cargo lambda watch` reads them from the root manifest.
    Router(RouterArguments),
    /// Runs the payment sandbox alone, for functions that run elsewhere.
    Payments(PaymentsArguments),
    /// Runs a function with the variables that are its own; cargo calls this.
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
    /// Port of the postbox, where e-mails arrive.
    #[arg(long, default_value_t = 8025)]
    mail_port: u16,
    /// Port of the functions' metrics.
    #[arg(long, default_value_t = 9464)]
    metrics_port: u16,
    /// Port of `cargo lambda watch`.
    #[arg(long, default_value_t = 9000)]
    watch_port: u16,
    /// Folder for everything that is kept.
    #[arg(long, default_value = ".local")]
    state: PathBuf,
    /// What runs the functions.
    #[arg(long, value_enum, default_value_t = HostName::Watch)]
    host: HostName,
    /// Folder of the built functions, for `--host runtime`; by default where this program was built.
    #[arg(long)]
    bin_dir: Option<PathBuf>,
    /// The description of the deployment.
    #[arg(long, default_value = "template.yaml")]
    template: PathBuf,
    /// A value for a parameter of the template; may be given several times.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Leaves schedules switched off.
    #[arg(long)]
    no_schedules: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HostName {
    /// `cargo lambda watch`: builds the functions, and again when their code changes.
    Watch,
    /// The functions as they are built, as Lambda would run them.
    Runtime,
}

#[derive(Debug, Args)]
pub(crate) struct PaymentsArguments {
    /// Port of the payment sandbox.
    #[arg(long, default_value_t = 12111)]
    pub(crate) port: u16,
    /// The key that callers must present.
    #[arg(long, default_value = "sk_test_sandbox")]
    pub(crate) key: String,
    /// The secret that webhooks are signed with.
    #[arg(long, default_value = "whsec_sandbox")]
    pub(crate) webhook_secret: String,
    /// Where webhooks go; without it none are sent.
    #[arg(long)]
    pub(crate) webhook_url: Option<String>,
    /// File in which the book is kept; without it, it is forgotten.
    #[arg(long)]
    pub(crate) book: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RouterArguments {
    /// The description of the deployment.
    #[arg(long, default_value = "template.yaml")]
    pub(crate) template: PathBuf,
    /// The root manifest.
    #[arg(long, default_value = "Cargo.toml")]
    pub(crate) manifest: PathBuf,
    /// Writes the table into the manifest.
    #[arg(long)]
    pub(crate) write: bool,
}

/// Why a `--parameter` is refused.
#[derive(Debug, thiserror::Error)]
#[error("write it as NAME=VALUE")]
struct NotAPair;

fn parameter(text: &str) -> Result<(String, String), NotAPair> {
    let (name, value) = text.split_once('=').ok_or(NotAPair)?;
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
                metrics: arguments.metrics_port,
            },
            watch_port: arguments.watch_port,
            parameters: arguments.parameters.into_iter().collect(),
            schedules: !arguments.no_schedules,
        }
    }
}
