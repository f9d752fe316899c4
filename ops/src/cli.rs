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
    /// Grants a registered account the administrator role. A new deployment has no administrator.
    GrantAdmin(GrantAdminArguments),
    /// Rotates the keys that sign access tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
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
