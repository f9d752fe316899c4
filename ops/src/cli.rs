//! Command-line arguments of the operator tools.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use shared::domain::values::email::Email;
use shared::kit::system::clock::Timestamp;
use shared::messaging::event_catalogue::EventType;

use crate::projection::Projection;

/// Operates deployments of Agora on AWS.
#[derive(Debug, Parser)]
#[command(name = "ops", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Grants a registered account the administrator role. A new deployment has no administrator.
    GrantAdmin(GrantAdminArguments),
    /// Rotates the keys that sign access tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Sends stored events again to a projection, to rebuild it: totals (`analytics`), or search index and index
    /// of names (`search_index`). What the projection contains of the entities is removed first. Can be
    /// repeated. Entities without an event in the log are rebuilt by a job of the type `reindex`.
    ReplayEvents(ReplayEventsArguments),
    /// Writes the copies of the status of all markets, of which each order checks one. Can be repeated. Run it before
    /// and after the deployment that introduces the copies. After a rollback to an earlier version, do the same again.
    RestoreMarketStatus(RestoreMarketStatusArguments),
    /// Generates the secrets of a new stack, and prints the commands that create them in Secrets Manager.
    Secrets(SecretsArguments),
}

#[derive(Debug, Args)]
pub(crate) struct GrantAdminArguments {
    /// Name of the DynamoDB table: output `TableName` of the stack.
    #[arg(long)]
    pub(crate) table: String,
    /// E-mail address of the account.
    #[arg(long)]
    pub(crate) email: Email,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayEventsArguments {
    /// Name of the stack.
    #[arg(long)]
    pub(crate) stack: String,
    /// Name of the DynamoDB table: output `TableName` of the stack.
    #[arg(long)]
    pub(crate) table: String,
    /// Queue of the projection: `analytics` or `search_index`. Fulfilment, e-mails and reports are refused: their
    /// messages have effects outside the table.
    #[arg(long)]
    pub(crate) queue: Projection,
    /// Start of the period, such as 2027-01-15T08:00:00Z.
    #[arg(long)]
    pub(crate) from: Timestamp,
    /// End of the period; an event at this time is not sent.
    #[arg(long)]
    pub(crate) to: Timestamp,
    /// Only events of this type, such as `order.confirmed`.
    #[arg(long = "type")]
    pub(crate) event_type: Option<EventType>,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreMarketStatusArguments {
    /// Name of the DynamoDB table: output `TableName` of the stack.
    #[arg(long)]
    pub(crate) table: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Prints which key signs, which keys are accepted, and when the next step is safe.
    Status(KeysArguments),
    /// Takes the next step of a rotation: introduce a key, sign with it, retire the previous one. Can be
    /// repeated.
    Rotate(KeysArguments),
    /// Starts key management for a stack: with a first key, or with the key set that it publishes.
    Init {
        #[command(flatten)]
        keys: KeysArguments,
        /// File with the key set of the stack (/.well-known/jwks.json).
        #[arg(long)]
        published: Option<PathBuf>,
    },
    /// Records that the values of the last step were deployed.
    Deployed(KeysArguments),
}

#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    /// Stage of the stack, as in samconfig.toml. Without it, the local stack.
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// State folder of the local stack.
    #[arg(long, default_value = ".local")]
    pub(crate) state: PathBuf,
    /// Folder with the files of stacks on AWS.
    #[arg(long, default_value = ".deployments")]
    pub(crate) deployments: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SecretsArguments {
    /// Stage of the stack.
    #[arg(long)]
    pub(crate) stage: String,
    /// Folder with the files of stacks on AWS.
    #[arg(long, default_value = ".deployments")]
    pub(crate) deployments: PathBuf,
    /// SAM template of the deployment.
    #[arg(long, default_value = "template.yaml")]
    pub(crate) template: PathBuf,
}
