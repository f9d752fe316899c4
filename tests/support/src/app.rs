//! The application on the local stack, with helpers that call its API over HTTP.

mod orders;
mod request;
mod users;

use std::time::Duration;

use local::{Stack, StackBuilder};
use reqwest::Client;

use crate::sdk_config::sdk_config;
use crate::workspace;

pub use request::{RequestBuilder, TestResponse};
pub use users::TestUser;

/// Timeout of [`eventually`] and [`TestApp::wait_until_idle`].
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(40);

/// A running local stack with the function binaries.
pub struct TestApp {
    stack: Stack,
    http: Client,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
}

impl TestApp {
    /// Starts a stack with default settings.
    ///
    /// # Panics
    /// If the stack does not start.
    pub async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    /// Starts a stack with customised settings.
    ///
    /// # Panics
    /// If the stack does not start.
    pub async fn start_with(settings: impl FnOnce(StackBuilder) -> StackBuilder) -> Self {
        let builder = StackBuilder::new(workspace("template.yaml"))
            .bin_dir(function_binaries())
            .schedules(false)
            .max_message_delay(Duration::from_secs(2))
            .parameter("AnalyticsWindowSeconds", "0")
            .parameter("ApiRequestsPerSecond", "1000000")
            .parameter("ApiBurst", "1000000")
            .parameter("ReadLimit", "1000000")
            .parameter("WriteLimit", "1000000")
            .parameter("OrderLimit", "1000000")
            .parameter("PaymentGatewayCallsPerSecond", "1000")
            .parameter("EmailsPerSecond", "1000");
        let stack = settings(builder).start().await.expect("the local stack starts");
        let dynamodb = crate::request_recorder::client(&stack.dynamodb_endpoint(), None);
        let sqs = aws_sdk_sqs::Client::new(&sdk_config(&stack.sqs_endpoint()));
        Self { stack, http: Client::new(), dynamodb, sqs }
    }

    /// The local stack.
    #[must_use]
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// A client of the embedded DynamoDB that bypasses injected faults.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.clone()
    }

    /// A client of the embedded SQS that bypasses injected faults.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.sqs.clone()
    }

    /// Sends a message to the queue with this logical id of the template.
    ///
    /// # Panics
    /// If the queue rejects the message.
    pub async fn send_message(&self, queue: &str, body: &str) {
        let url = self.stack.queue_url(queue).expect("the template has the queue");
        self.sqs()
            .send_message()
            .queue_url(url)
            .message_body(body)
            .send()
            .await
            .expect("the queue accepts the message");
    }

    /// Sends at most ten messages to a queue in one request, so that they are delivered as one batch.
    ///
    /// # Panics
    /// If the queue rejects one of them.
    pub async fn send_messages(&self, queue: &str, bodies: &[String]) {
        use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
        let url = self.stack.queue_url(queue).expect("the template has the queue");
        let entries = bodies.iter().enumerate().map(|(n, body)| {
            let entry = SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body);
            entry.build().expect("an entry has an id and a body")
        });
        let request = self.sqs().send_message_batch().queue_url(url).set_entries(Some(entries.collect()));
        let sent = request.send().await.expect("the queue responds");
        assert!(sent.failed.is_empty(), "the queue rejected {:?}", sent.failed);
    }

    /// Waits until all events are published, all queues are empty and no invocation is in flight.
    ///
    /// # Panics
    /// If that does not happen within [`WAIT_TIMEOUT`].
    pub async fn wait_until_idle(&self) {
        self.stack.idle(WAIT_TIMEOUT).await.expect("the stack is idle");
    }
}

/// Calls `poll` until it returns a value, and returns that value.
///
/// # Panics
/// If that does not happen within [`WAIT_TIMEOUT`]; the message contains `description`.
pub async fn eventually<T, F: Future<Output = Option<T>>>(description: &str, poll: impl Fn() -> F) -> T {
    let waiting = async {
        loop {
            if let Some(found) = poll().await {
                return found;
            }
            local::system::clock::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT_TIMEOUT, waiting)
        .await
        .unwrap_or_else(|_| panic!("timed out waiting until {description}"))
}

/// Folder of the function binaries that cargo builds.
fn function_binaries() -> std::path::PathBuf {
    local::stack::default_bin_dir()
}
