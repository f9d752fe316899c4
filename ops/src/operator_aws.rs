//! Clients of AWS services with the credentials of the operator, from the sources that the AWS CLI uses.

use aws_config::BehaviorVersion;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::error::display::DisplayErrorContext;
use shared::kit::aws::Aws;

/// The clients cannot be configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorAwsError {
    /// The region is unknown.
    #[error("AWS_REGION is not set, and the profile has no region")]
    Region,
    /// There are no AWS credentials.
    #[error("no AWS credentials: {}", DisplayErrorContext(.0))]
    Credentials(#[from] CredentialsError),
}

/// Loads the configuration of the clients, and checks that there are credentials.
pub(crate) async fn load() -> Result<Aws, OperatorAwsError> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    config.region().ok_or(OperatorAwsError::Region)?;
    let aws = Aws::new(config);
    aws.check_credentials().await?;
    Ok(aws)
}
