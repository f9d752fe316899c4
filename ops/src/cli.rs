//! Command-line arguments of the operator tools.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use shared::domain::values::email::Email;

/// Operates deployments of Agora on AWS.
#[derive(Debug, Parser)]
#[command(name = "ops", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a registered account an administrator. A new deployment has none.
    GrantAdmin(GrantAdminArguments),
    /// Rotates the keys that sign access tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Generates the secrets of a new stack on AWS, and prints the commands that create them there.
    Secrets(SecretsArguments),
}

#[derive(Debug, Args)]
pub(crate) struct GrantAdminArguments {
    /// The deployment's table: the output `TableName` of its stack.
    #[arg(long)]
    pub(crate) table: String,
    /// The account's address.
    #[arg(long)]
    pub(crate) email: Email,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Says which key signs, which are accepted, and when the next step is safe.
    Status(KeysArguments),
    /// Takes the next step: introduce a key, sign with it, retire the previous one. Safe to repeat.
    Rotate(KeysArguments),
    /// Begins with a stack on AWS: with its first key, or with the key set that it publishes.
    Init {
        #[command(flatten)]
        keys: KeysArguments,
        /// File with the stack's /.well-known/jwks.json.
        #[arg(long)]
        published: Option<PathBuf>,
    },
    /// Notes that a stack on AWS was deployed with the last step's values.
    Deployed(KeysArguments),
}

#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    /// A stack on AWS, by its name in samconfig.toml; without it, the local stack.
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// State folder of the local stack.
    #[arg(long, default_value = ".local")]
    pub(crate) state: PathBuf,
    /// Folder with what is kept for stacks on AWS.
    #[arg(long, default_value = ".deployments")]
    pub(crate) deployments: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SecretsArguments {
    /// The stack, by its stage.
    #[arg(long)]
    pub(crate) stage: String,
    /// Folder with what is kept for stacks on AWS.
    #[arg(long, default_value = ".deployments")]
    pub(crate) deployments: PathBuf,
    /// The description of the deployment.
    #[arg(long, default_value = "template.yaml")]
    pub(crate) template: PathBuf,
}
