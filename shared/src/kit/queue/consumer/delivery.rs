//! Deliveries: the records of a batch.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::SqsMessage;

use crate::kit::system::clock::Timestamp;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{Context, KeyValue, SpanKind, TRACEPARENT, TracedSpan};

/// One delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Message id; the same for every delivery.
    pub message_id: String,
    /// Receipt handle of this delivery.
    pub receipt_handle: String,
    /// Message body.
    pub body: String,
    /// Number of deliveries of this message, including this one.
    pub receive_count: u32,
    /// Time when this message was sent.
    pub sent_at: Option<Timestamp>,
    /// Name of the queue that delivered the message.
    pub queue: String,
    /// Message attributes with a string value.
    pub attributes: BTreeMap<String, String>,
    /// Correlation id from the attributes.
    pub correlation_id: Option<String>,
}

/// Attribute with the correlation id.
pub const CORRELATION_ATTRIBUTE: &str = "correlationId";
/// Attribute with the name of the event.
pub const EVENT_ATTRIBUTE: &str = "event";
/// Attribute with the reason why a message was dead-lettered.
pub const REASON_ATTRIBUTE: &str = "deadLetterReason";
/// Attribute with the original message id of a dead letter.
pub const ORIGINAL_ID_ATTRIBUTE: &str = "originalMessageId";
/// Attribute with the number of deliveries of a dead-lettered message.
pub const ATTEMPTS_ATTRIBUTE: &str = "attempts";
/// Attribute with the time when a requeued message was first sent, in milliseconds since the Unix epoch.
pub const FIRST_SENT_ATTRIBUTE: &str = "firstSentAt";
/// Attribute with the number of attempts before a message was requeued.
pub const EARLIER_ATTEMPTS_ATTRIBUTE: &str = "earlierAttempts";
/// Attribute with the time at which a deferred message may call a service, in milliseconds since the Unix epoch.
pub const CALL_SLOT_ATTRIBUTE: &str = "callSlot";
/// Attribute with the result of a call to a service that could not be stored.
pub const CALL_RESULT_ATTRIBUTE: &str = "callResult";
/// Attributes of a message that was sent again after a failure or deferred.
pub const RETRY_ATTRIBUTES: [&str; 4] =
    [CALL_RESULT_ATTRIBUTE, CALL_SLOT_ATTRIBUTE, EARLIER_ATTEMPTS_ATTRIBUTE, FIRST_SENT_ATTRIBUTE];
/// Number of deliveries after which a queue dead-letters a message.
pub const MAX_RECEIVE_COUNT: u32 = 5;

impl From<SqsMessage> for Delivery {
    fn from(message: SqsMessage) -> Self {
        let mut attributes: BTreeMap<String, String> = message
            .message_attributes
            .into_iter()
            .filter_map(|(name, attribute)| Some((name, attribute.string_value?)))
            .collect();
        // The trace of a sender that sets only AWS's trace header is continued as well.
        if let Some(header) = message.attributes.get("AWSTraceHeader")
            && let Some(context) = trace::traceparent_of(&trace::extract(None, Some(header)))
        {
            attributes.entry(TRACEPARENT.to_owned()).or_insert(context);
        }
        let receive_count =
            message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let sent_millis = message.attributes.get("SentTimestamp").and_then(|millis| millis.parse().ok());
        let arn = message.event_source_arn.unwrap_or_default();
        Self {
            message_id: message.message_id.unwrap_or_default(),
            receipt_handle: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            receive_count: receive_count.unwrap_or(1),
            sent_at: sent_millis.map(Timestamp::from_millis),
            queue: arn.rsplit(':').next().unwrap_or_default().to_owned(),
            correlation_id: attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            attributes,
        }
    }
}

impl Delivery {
    /// Number of attempts, including this one and those before the message was requeued.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        let earlier = self.attributes.get(EARLIER_ATTEMPTS_ATTRIBUTE).and_then(|count| count.parse().ok());
        earlier.unwrap_or(0_u32).saturating_add(self.receive_count)
    }

    /// Time when the message was first sent, before it was requeued; `None` if it is unknown.
    #[must_use]
    pub fn first_sent_at(&self) -> Option<Timestamp> {
        let first = self.attributes.get(FIRST_SENT_ATTRIBUTE).and_then(|millis| millis.parse().ok());
        first.map(Timestamp::from_millis).or(self.sent_at)
    }

    /// Time at which the message may call a service; `None` if it was not deferred.
    #[must_use]
    pub fn call_slot(&self) -> Option<Timestamp> {
        let millis = self.attributes.get(CALL_SLOT_ATTRIBUTE).and_then(|millis| millis.parse().ok());
        millis.map(Timestamp::from_millis)
    }

    /// Result of a call to a service that an earlier attempt could not store; `None` if there is none.
    #[must_use]
    pub fn call_result(&self) -> Option<&str> {
        self.attributes.get(CALL_RESULT_ATTRIBUTE).map(String::as_str)
    }

    /// The same delivery with the result of a call to a service.
    pub(super) fn with_call_result(mut self, result: &str) -> Self {
        self.attributes.insert(CALL_RESULT_ATTRIBUTE.to_owned(), result.to_owned());
        self
    }

    /// The same delivery with the attributes of a message that is requeued at `now` after a failure. Its slot
    /// is used up.
    pub(super) fn after_failure(&self, now: Timestamp) -> Self {
        let mut delivery = self.requeued(now, self.attempt());
        delivery.attributes.remove(CALL_SLOT_ATTRIBUTE);
        delivery
    }

    /// The same delivery with the attributes of a message that is deferred at `now` until its slot.
    pub(super) fn deferred(&self, slot: Timestamp, now: Timestamp) -> Self {
        let mut delivery = self.requeued(now, self.attempt().saturating_sub(1));
        delivery.attributes.insert(CALL_SLOT_ATTRIBUTE.to_owned(), slot.as_millis().to_string());
        delivery
    }

    fn requeued(&self, now: Timestamp, attempts: u32) -> Self {
        let first_sent_at = self.first_sent_at().unwrap_or(now);
        let mut delivery = self.clone();
        delivery.attributes.extend([
            (FIRST_SENT_ATTRIBUTE.to_owned(), first_sent_at.as_millis().to_string()),
            (EARLIER_ATTEMPTS_ATTRIBUTE.to_owned(), attempts.to_string()),
        ]);
        delivery
    }

    /// The same delivery without the attributes of earlier attempts.
    pub(super) fn as_new(&self) -> Self {
        let mut delivery = self.clone();
        delivery.attributes.retain(|name, _| !RETRY_ATTRIBUTES.contains(&name.as_str()));
        delivery
    }

    /// Trace context of the sender.
    #[must_use]
    pub fn parent_context(&self) -> Context {
        trace::extract(self.attributes.get(TRACEPARENT).map(String::as_str), None)
    }

    /// Span attribute with the id of the entity that the event is about; `None` if the message names no
    /// event.
    pub(super) fn entity_id(&self, subject: &str) -> Option<KeyValue> {
        let (kind, _) = self.attributes.get(EVENT_ATTRIBUTE)?.split_once('.')?;
        Some(trace::entity_id(kind, subject.to_owned()))
    }

    /// Starts the span of handling the message, as a child of the sender's ("Semantic conventions for
    /// messaging systems").
    #[must_use]
    pub fn start_span(&self) -> TracedSpan {
        let attributes = vec![
            KeyValue::new("messaging.system", "aws_sqs"),
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.destination.name", self.queue.clone()),
            KeyValue::new("messaging.message.id", self.message_id.clone()),
            KeyValue::new("messaging.message.delivery_count", i64::from(self.receive_count)),
        ];
        TracedSpan::start_with_parent(
            &self.parent_context(),
            SpanKind::Consumer,
            format!("process {}", self.queue),
            attributes,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent_context(headers: &[(&str, &str)]) -> Option<String> {
        let mut message = SqsMessage::default();
        message.attributes =
            headers.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        trace::traceparent_of(&Delivery::from(message).parent_context())
    }

    #[test]
    fn trace_of_a_sender_with_only_an_x_ray_header_is_continued() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let continued = parent_context(&[("AWSTraceHeader", header)]);
        assert_eq!(continued.as_deref(), Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"));
        assert_eq!(parent_context(&[("AWSTraceHeader", "Root=1-0")]), None);
    }
}
