//! One record of a batch.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::SqsMessage;

use crate::clock::Timestamp;

/// A message as the queue delivered it, this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The queue's id of the message; the same at every delivery.
    pub message_id: String,
    /// Names this delivery.
    pub receipt_handle: String,
    /// The message.
    pub body: String,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// The queue that it came through.
    pub queue: String,
    /// What its sender noted beside it.
    pub attributes: BTreeMap<String, String>,
    /// The correlation id among the attributes.
    pub correlation_id: Option<String>,
}

/// The attribute that carries the correlation id.
pub const CORRELATION_ATTRIBUTE: &str = "correlationId";
/// The attribute that says why a message is dead.
pub const REASON_ATTRIBUTE: &str = "deadLetterReason";
/// The attribute that names the message that a dead one was.
pub const ORIGINAL_ID_ATTRIBUTE: &str = "originalMessageId";
/// The attribute that says how often a dead message was tried.
pub const ATTEMPTS_ATTRIBUTE: &str = "attempts";
/// How often a queue delivers a message before it gives up on it.
pub const MAX_RECEIVE_COUNT: u32 = 5;

impl From<SqsMessage> for Delivery {
    fn from(message: SqsMessage) -> Self {
        let attributes: BTreeMap<String, String> = message
            .message_attributes
            .into_iter()
            .filter_map(|(name, attribute)| Some((name, attribute.string_value?)))
            .collect();
        let counted = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let sent = message.attributes.get("SentTimestamp").and_then(|millis| millis.parse().ok());
        let arn = message.event_source_arn.unwrap_or_default();
        Self {
            message_id: message.message_id.unwrap_or_default(),
            receipt_handle: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            receive_count: counted.unwrap_or(1),
            sent_at: sent.map(Timestamp::from_millis),
            queue: arn.rsplit(':').next().unwrap_or_default().to_owned(),
            correlation_id: attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            attributes,
        }
    }
}
