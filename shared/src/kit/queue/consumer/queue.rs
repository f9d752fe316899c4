//! Queue operations that consumers need.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue,
};

use super::Delivery;
use super::delivery::{
    ATTEMPTS_ATTRIBUTE, FIRST_SENT_ATTRIBUTE, ORIGINAL_ID_ATTRIBUTE, REASON_ATTRIBUTE, RETRY_ATTRIBUTES,
};
use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::trace::{Context, propagation};

/// A queue operation failed.
#[derive(Debug, thiserror::Error)]
#[error("the queue operation failed: {0}")]
pub struct QueueError(pub(crate) String);

impl QueueError {
    pub(crate) fn of<E: std::error::Error>(error: &E) -> Self {
        Self(DisplayErrorContext(error).to_string())
    }
}

/// Queue operations that consumers need. Implementations fail with [`QueueError`] only.
pub trait Queue: Send + Sync {
    /// Sets the visibility timeout of failed deliveries.
    fn change_visibility(
        &self,
        delays: Vec<(Delivery, Duration)>,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Sends the message again as a new one with a delay. The current delivery is then deleted; if that
    /// fails, there are two copies of the message, and consumers apply its effect only once.
    fn resend(
        &self,
        delivery: &Delivery,
        after: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Sends the message to the dead-letter queue, with the reason.
    fn dead_letter(
        &self,
        delivery: &Delivery,
        reason: &str,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A queue without retry control or dead-letter queue (the dead-letter queues themselves). Failed messages
/// are redelivered when their visibility timeout expires.
#[derive(Debug, Clone, Copy)]
pub struct UnmanagedQueue;

impl Queue for UnmanagedQueue {
    async fn change_visibility(&self, _: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn resend(&self, _: &Delivery, _: Duration) -> Result<(), QueueError> {
        Err(QueueError("this queue does not support requeuing".to_owned()))
    }

    async fn dead_letter(&self, _: &Delivery, _: &str) -> Result<(), QueueError> {
        Err(QueueError("this queue has no dead-letter queue".to_owned()))
    }
}

/// SQS queue and its dead-letter queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
    dead_letters_url: String,
}

/// Maximum visibility timeout of SQS.
const MAX_VISIBILITY: Duration = Duration::from_hours(12);
/// Maximum delay of an SQS message.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Whole seconds, rounded up.
fn whole_seconds(delay: Duration) -> i32 {
    i32::try_from(delay.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

impl SqsQueue {
    /// Queue at `url`, with the dead-letter queue at `dead_letters_url`.
    #[must_use]
    pub const fn new(client: aws_sdk_sqs::Client, url: String, dead_letters_url: String) -> Self {
        Self { client, url, dead_letters_url }
    }

    /// Name of the queue: the last segment of its URL.
    pub(super) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }

    /// Reads the URLs of the function's queue from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment, client: aws_sdk_sqs::Client) -> Result<Self, ConfigError> {
        let url = env.text("AGORA_QUEUE_URL")?.to_owned();
        let dead_letters_url = env.text("AGORA_DEAD_LETTER_QUEUE_URL")?.to_owned();
        Ok(Self::new(client, url, dead_letters_url))
    }
}

impl Queue for SqsQueue {
    async fn change_visibility(&self, delays: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        if delays.is_empty() {
            return Ok(());
        }
        let entries = delays.into_iter().enumerate().map(|(position, (delivery, delay))| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(position.to_string())
                .receipt_handle(delivery.receipt_handle)
                .visibility_timeout(whole_seconds(delay.min(MAX_VISIBILITY)))
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| QueueError::of(&error))?;
        let change =
            self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
        change.send().await.map(drop).map_err(|error| QueueError::of(&error))
    }

    async fn resend(&self, delivery: &Delivery, after: Duration) -> Result<(), QueueError> {
        let delay = whole_seconds(after.min(MAX_DELAY));
        let message = self.client.send_message().queue_url(&self.url).delay_seconds(delay);
        let mut message = message.message_body(&delivery.body);
        for (name, value) in resent_attributes(delivery) {
            message = message.message_attributes(name, attribute(value)?);
        }
        if let Some((name, value)) = trace_header(&delivery.parent_context())? {
            message = message.message_system_attributes(name, value);
        }
        message.send().await.map(drop).map_err(|error| QueueError::of(&error))
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), QueueError> {
        let mut message =
            self.client.send_message().queue_url(&self.dead_letters_url).message_body(&delivery.body);
        for (name, text) in dead_letter_attributes(delivery, reason) {
            message = message.message_attributes(name, attribute(&text)?);
        }
        if let Some((name, value)) = trace_header(&delivery.parent_context())? {
            message = message.message_system_attributes(name, value);
        }
        message.send().await.map(drop).map_err(|error| QueueError::of(&error))
    }
}

/// Maximum number of attributes of an SQS message.
const MAX_ATTRIBUTES: usize = 10;

/// Attributes of a message that is sent again: those of its retries, and as many of the others as fit.
fn resent_attributes(delivery: &Delivery) -> impl Iterator<Item = (&String, &String)> {
    let is_needed = |name: &str| RETRY_ATTRIBUTES.contains(&name);
    let needed = delivery.attributes.iter().filter(move |(name, _)| is_needed(name));
    let others = delivery.attributes.iter().filter(move |(name, _)| !is_needed(name));
    needed.chain(others).take(MAX_ATTRIBUTES)
}

/// Attributes of a dead letter: the reason, the original id, the number of deliveries, and as many of the
/// original attributes as fit.
fn dead_letter_attributes(delivery: &Delivery, reason: &str) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::from([
        (REASON_ATTRIBUTE.to_owned(), reason.to_owned()),
        (ORIGINAL_ID_ATTRIBUTE.to_owned(), delivery.message_id.clone()),
        (ATTEMPTS_ATTRIBUTE.to_owned(), delivery.attempt().to_string()),
    ]);
    if let Some(first) = delivery.first_sent_at() {
        attributes.insert(FIRST_SENT_ATTRIBUTE.to_owned(), first.as_millis().to_string());
    }
    for (name, text) in &delivery.as_new().attributes {
        if attributes.len() < MAX_ATTRIBUTES {
            attributes.entry(name.clone()).or_insert_with(|| text.clone());
        }
    }
    attributes
}

pub(crate) fn attribute(text: &str) -> Result<MessageAttributeValue, QueueError> {
    let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
    value.map_err(|error| QueueError::of(&error))
}

/// System attribute with the trace context for AWS X-Ray, which does not read our own attributes.
pub(crate) fn trace_header(
    context: &Context,
) -> Result<Option<(MessageSystemAttributeNameForSends, MessageSystemAttributeValue)>, QueueError> {
    use opentelemetry::trace::TraceContextExt;
    let span = context.span();
    if !span.span_context().is_valid() {
        return Ok(None);
    }
    let text = propagation::format_x_ray(span.span_context());
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(text).build();
    let value = value.map_err(|error| QueueError::of(&error))?;
    Ok(Some((MessageSystemAttributeNameForSends::AwsTraceHeader, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::queue::consumer::delivery::{
        CALL_SLOT_ATTRIBUTE, CORRELATION_ATTRIBUTE, EARLIER_ATTEMPTS_ATTRIBUTE, FIRST_SENT_ATTRIBUTE,
    };
    use crate::kit::system::clock::Timestamp;

    fn delivery(attributes: BTreeMap<String, String>) -> Delivery {
        Delivery {
            message_id: "m1".to_owned(),
            receipt_handle: "h1".to_owned(),
            body: "{}".to_owned(),
            receive_count: 3,
            sent_at: None,
            queue: "orders".to_owned(),
            correlation_id: attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            attributes,
        }
    }

    #[test]
    fn dead_letter_keeps_original_attributes_up_to_the_limit() {
        let few = [(CORRELATION_ATTRIBUTE, "c"), ("event", "order.created")];
        let few = few.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let attributes = dead_letter_attributes(&delivery(few.clone().into()), "it cannot be parsed");
        for (name, text) in few {
            assert_eq!(attributes[&name], text);
        }
        assert_eq!(attributes[REASON_ATTRIBUTE], "it cannot be parsed");
        assert_eq!(
            (attributes[ORIGINAL_ID_ATTRIBUTE].as_str(), attributes[ATTEMPTS_ATTRIBUTE].as_str()),
            ("m1", "3")
        );

        assert_eq!(dead_letter_attributes(&delivery(ten()), "reason").len(), MAX_ATTRIBUTES);
    }

    fn ten() -> BTreeMap<String, String> {
        (0..10).map(|n| (format!("a{n}"), "x".to_owned())).collect()
    }

    #[test]
    fn first_send_attempts_and_slot_are_never_dropped() {
        let slot = Timestamp::from_millis(9_000);
        let deferred = delivery(ten()).deferred(slot, Timestamp::from_millis(7_000));
        let sent: BTreeMap<_, _> = resent_attributes(&deferred).collect();
        assert_eq!(sent.len(), MAX_ATTRIBUTES);
        assert_eq!(sent[&FIRST_SENT_ATTRIBUTE.to_owned()], "7000");
        assert_eq!(sent[&EARLIER_ATTEMPTS_ATTRIBUTE.to_owned()], "2");
        assert_eq!(sent[&CALL_SLOT_ATTRIBUTE.to_owned()], "9000");
    }
}
