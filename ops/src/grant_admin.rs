//! `ops grant-admin`: grants a registered account the administrator role.
//!
//! IAM authorises the operator, whose credentials must allow writing to the table. The command is executed
//! like one of the API, with its event, so that lists and counters are updated.

use aws_config::BehaviorVersion;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::error::display::DisplayErrorContext;
use local::system::console;
use shared::domain::user::EmailClaim;
use shared::domain::user::grant_admin::{GrantAdmin, GrantAdminError as Refusal};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::command::{CommandContext, CorrelationId, ExecuteError, ReadSet, Store, StoreError};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};

use crate::cli::GrantAdminArguments;

/// Failure of `ops grant-admin`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantAdminError {
    /// The region is unknown.
    #[error("AWS_REGION is not set, and the profile has no region")]
    Region,
    /// There are no AWS credentials.
    #[error("no AWS credentials: {}", DisplayErrorContext(.0))]
    Credentials(#[from] CredentialsError),
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
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    config.region().ok_or(GrantAdminError::Region)?;
    let aws = Aws::new(config);
    aws.check_credentials().await?;
    let store = DynamoStore::new(aws.table_named(&arguments.table));
    let claim: Option<EmailClaim> = store.load(ReadSet::get(&arguments.email)).await?;
    let id = claim.ok_or(GrantAdminError::Unknown)?.user_id;
    let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), SystemClock.now());
    store.execute(GrantAdmin { id }, &context).await?;
    console::line(format_args!("{id} is an administrator"));
    Ok(())
}
