//! One record of a batch.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::SqsMessage;

use crate::kit::system::clock::Timestamp;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{Context, KeyValue, SpanKind, TRACEPARENT, TracedSpan};

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
        let mut attributes: BTreeMap<String, String> = message
            .message_attributes
            .into_iter()
            .filter_map(|(name, attribute)| Some((name, attribute.string_value?)))
            .collect();
        // Somebody who only writes AWS's form is continued as well.
        if let Some(header) = message.attributes.get("AWSTraceHeader")
            && let Some(context) = trace::traceparent_of(&trace::extract(None, Some(header)))
        {
            attributes.entry(TRACEPARENT.to_owned()).or_insert(context);
        }
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

impl Delivery {
    /// The work that led to it.
    #[must_use]
    pub fn parent_context(&self) -> Context {
        trace::extract(self.attributes.get(TRACEPARENT).map(String::as_str), None)
    }

    /// What handling it is, as a part of the work that led to it ("Semantic conventions for messaging systems").
    #[must_use]
    pub fn start_span(&self) -> TracedSpan {
        let facts = vec![
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
            facts,
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
    fn a_message_from_somebody_who_only_knows_x_ray_continues_their_trace() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let continued = parent_context(&[("AWSTraceHeader", header)]);
        assert_eq!(continued.as_deref(), Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"));
        assert_eq!(parent_context(&[("AWSTraceHeader", "Root=1-0")]), None);
    }
}
