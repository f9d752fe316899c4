//! Composition root of the function `queue-emails`.

use queue_emails::Emails;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::aws::mail::SesMailer;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::runtime;
use shared::kit::system::config::{Environment, TelemetryConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let env = Environment::from_process();
    let telemetry = TelemetryConfig::from_env(&env)?;
    let aws = Aws::from_env(&env)?;
    let queue = SqsQueue::from_env(&env, aws.sqs())?;
    let mailer = SesMailer::from_env(&env, aws.ses())?;
    let emails = Emails::new(&env, DynamoStore::new(aws.table(&env)?).with_group_commit(), mailer)?;
    runtime::run_queue(telemetry, emails.into_handler(), queue).await
}
