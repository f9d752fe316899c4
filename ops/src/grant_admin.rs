//! `ops grant-admin`: makes an account of a deployment an administrator.
//!
//! The operator's own credentials decide whether that is allowed: whoever may write to the table. It is one command like
//! any other, with its event, so that lists and counters follow.

use local::system::console;
use shared::domain::user::EmailClaim;
use shared::domain::user::grant_admin::{AppointError, GrantAdmin};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::command::{CommandContext, CorrelationId, ExecuteError, ReadSet, Store, StoreError};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::kit::system::config::{ConfigError, Environment};

use crate::cli::GrantAdminArguments;

/// Why nobody is appointed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantAdminError {
    /// The credentials are not in the environment.
    #[error("{0}; `aws configure export-credentials --format env` prints what belongs into the environment")]
    Environment(#[from] ConfigError),
    /// Nobody has the address.
    #[error("no account has this address; register it first")]
    Unknown,
    /// The table does not answer.
    #[error(transparent)]
    Table(#[from] StoreError),
    /// The account cannot be appointed.
    #[error(transparent)]
    Refused(#[from] ExecuteError<AppointError>),
}

/// Appoints who has the address; said again, it changes nothing.
pub(crate) async fn run(arguments: GrantAdminArguments) -> Result<(), GrantAdminError> {
    let env = Environment::from_process().with("AGORA_TABLE", &arguments.table);
    let store = DynamoStore::new(Aws::from_env(&env)?.table(&env)?);
    let claim: Option<EmailClaim> = store.load(ReadSet::get(&arguments.email)).await?;
    let id = claim.ok_or(GrantAdminError::Unknown)?.user_id;
    let cause = CommandContext::new(CorrelationId::generate(&SystemEntropy), SystemClock.now());
    store.execute(GrantAdmin { id }, &cause).await?;
    console::line(format_args!("{id} is an administrator"));
    Ok(())
}
