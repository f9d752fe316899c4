//! An SQS queue whose messages only the test receives.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;

use crate::TestTable;

/// Queue of the embedded SQS that no function consumes.
pub struct TestQueue {
    sqs: Client,
    /// URL of the queue.
    pub url: String,
}

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Body.
    pub body: String,
    /// Message attributes.
    pub attributes: BTreeMap<String, String>,
}

impl TestQueue {
    /// Creates a queue beside the table.
    ///
    /// # Panics
    /// If the embedded SQS does not respond.
    pub async fn create(table: &TestTable, name: &str) -> Self {
        let sqs = table.sqs();
        let created = sqs.create_queue().queue_name(name).send().await.expect("the queue is created");
        Self { sqs, url: created.queue_url.expect("a queue has a URL") }
    }

    /// Receives all messages.
    ///
    /// # Panics
    /// If the embedded SQS does not respond.
    pub async fn receive_all(&self) -> Vec<ReceivedMessage> {
        let mut messages = Vec::new();
        loop {
            let receive = self.sqs.receive_message().queue_url(&self.url).max_number_of_messages(10);
            let received = receive.message_attribute_names("All").send().await.expect("the queue responds");
            let page = received.messages.unwrap_or_default();
            if page.is_empty() {
                return messages;
            }
            messages.extend(page.into_iter().map(ReceivedMessage::from));
        }
    }
}

impl From<aws_sdk_sqs::types::Message> for ReceivedMessage {
    fn from(message: aws_sdk_sqs::types::Message) -> Self {
        let attributes = message.message_attributes.unwrap_or_default().into_iter();
        let attributes = attributes.filter_map(|(name, value)| Some((name, value.string_value?)));
        Self { body: message.body.unwrap_or_default(), attributes: attributes.collect() }
    }
}
