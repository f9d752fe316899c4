//! `ops grant-admin`: grants a registered account the administrator role.
//!
//! IAM authorises the operator, whose credentials must allow writing to the table. The command is executed
//! like one of the API, with its event, so that lists and counters are updated.

use local::system::console;
use shared::domain::user::EmailClaim;
use shared::domain::user::grant_admin::{GrantAdmin, GrantAdminError as Refusal};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::command::{CommandContext, CorrelationId, ExecuteError, ReadSet, Store, StoreError};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};

use crate::cli::GrantAdminArguments;
use crate::operator_aws::{self, OperatorAwsError};

/// Failure of `ops grant-admin`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantAdminError {
    /// The clients cannot be configured.
    #[error(transparent)]
    Aws(#[from] OperatorAwsError),
    /// No account has this e-mail address.
    #[error("no account has this e-mail address; register it first")]
    Unknown,
    /// The table does not respond.
    #[error(transparent)]
    Table(#[from] StoreError),
    /// The account cannot become an administrator.
    #[error(transparent)]
    Refused(#[from] ExecuteError<Refusal>),
}

/// Grants the role to the account with the given address. Repeating it changes nothing.
pub(crate) async fn run(arguments: GrantAdminArguments) -> Result<(), GrantAdminError> {
    let aws = operator_aws::load().await?;
    let store = DynamoStore::new(aws.table_named(&arguments.table));
    let claim: Option<EmailClaim> = store.load(ReadSet::get(&arguments.email)).await?;
    let id = claim.ok_or(GrantAdminError::Unknown)?.user_id;
    let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), SystemClock.now());
    store.execute(GrantAdmin { id }, &context).await?;
    console::line(format_args!("{id} is an administrator"));
    Ok(())
}
