//! What a consumer asks of its queue.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue,
};

use super::Delivery;
use super::delivery::{ATTEMPTS_ATTRIBUTE, ORIGINAL_ID_ATTRIBUTE, REASON_ATTRIBUTE};
use crate::kit::system::config::{ConfigError, Environment};
use crate::kit::telemetry::trace::{Context, propagation};

/// The queue did not do as asked.
#[derive(Debug, thiserror::Error)]
#[error("the queue refused or did not answer: {0}")]
pub struct QueueError(pub(crate) String);

impl QueueError {
    pub(crate) fn of<E: std::error::Error>(error: &E) -> Self {
        Self(DisplayErrorContext(error).to_string())
    }
}

/// What a consumer asks of its queue. Implementations return [`QueueError`] and nothing else.
pub trait Queue: Send + Sync {
    /// Lets deliveries come back after a while.
    fn change_visibility(
        &self,
        delays: Vec<(Delivery, Duration)>,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Sends the message once more, to be delivered after a while as if for the first time. The delivery that it was goes:
    /// should that fail, there are two of them, and whoever consumes them acts once.
    fn resend(
        &self,
        delivery: &Delivery,
        after: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Puts a message among the dead letters, with the reason.
    fn dead_letter(
        &self,
        delivery: &Delivery,
        reason: &str,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A queue that is left to itself: what fails comes back when its visibility timeout is over, and there is nowhere to
/// bury it. So it is with the dead letters, the last queue of all.
#[derive(Debug, Clone, Copy)]
pub struct UnmanagedQueue;

impl Queue for UnmanagedQueue {
    async fn change_visibility(&self, _: Vec<(Delivery, Duration)>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn resend(&self, _: &Delivery, _: Duration) -> Result<(), QueueError> {
        Err(QueueError("messages come back by themselves".to_owned()))
    }

    async fn dead_letter(&self, _: &Delivery, _: &str) -> Result<(), QueueError> {
        Err(QueueError("there is nowhere to bury a dead letter".to_owned()))
    }
}

/// A queue of SQS and its dead-letter queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
    dead_letters_url: String,
}

/// The longest time that a message can be invisible.
const MAX_VISIBILITY: Duration = Duration::from_hours(12);
/// The longest time that a message can be delayed for.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Whole seconds, and not before the time.
fn whole_seconds(delay: Duration) -> i32 {
    i32::try_from(delay.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

impl SqsQueue {
    /// The queue at `url`, whose dead letters go to `dead_letters_url`.
    #[must_use]
    pub const fn new(client: aws_sdk_sqs::Client, url: String, dead_letters_url: String) -> Self {
        Self { client, url, dead_letters_url }
    }

    /// Its name, which is the last part of its address.
    pub(super) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }

    /// The queue that the function consumes.
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
        for (name, value) in &delivery.attributes {
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

/// SQS takes so many attributes beside a message.
const MAX_ATTRIBUTES: usize = 10;

/// What stands beside a dead message: why it is dead, what it was, and as much of what stood beside it as there is room
/// for.
fn dead_letter_attributes(delivery: &Delivery, reason: &str) -> BTreeMap<String, String> {
    let mut beside = BTreeMap::from([
        (REASON_ATTRIBUTE.to_owned(), reason.to_owned()),
        (ORIGINAL_ID_ATTRIBUTE.to_owned(), delivery.message_id.clone()),
        (ATTEMPTS_ATTRIBUTE.to_owned(), delivery.receive_count.to_string()),
    ]);
    for (name, text) in &delivery.attributes {
        if beside.len() < MAX_ATTRIBUTES {
            beside.entry(name.clone()).or_insert_with(|| text.clone());
        }
    }
    beside
}

pub(crate) fn attribute(text: &str) -> Result<MessageAttributeValue, QueueError> {
    let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
    value.map_err(|error| QueueError::of(&error))
}

/// What stands beside a message for AWS X-Ray, which does not look at the attributes of ours.
pub(crate) fn trace_header(
    context: &Context,
) -> Result<Option<(MessageSystemAttributeNameForSends, MessageSystemAttributeValue)>, QueueError> {
    use opentelemetry::trace::TraceContextExt;
    let span = context.span();
    if !span.span_context().is_valid() {
        return Ok(None);
    }
    let text = propagation::x_ray(span.span_context());
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(text).build();
    let value = value.map_err(|error| QueueError::of(&error))?;
    Ok(Some((MessageSystemAttributeNameForSends::AwsTraceHeader, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::queue::consumer::delivery::CORRELATION_ATTRIBUTE;

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
    fn a_dead_message_keeps_what_stood_beside_it_as_far_as_there_is_room() {
        let few = [(CORRELATION_ATTRIBUTE, "c"), ("event", "order.created")];
        let few = few.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let beside = dead_letter_attributes(&delivery(few.clone().into()), "it does not read");
        for (name, text) in few {
            assert_eq!(beside[&name], text);
        }
        assert_eq!(beside[REASON_ATTRIBUTE], "it does not read");
        assert_eq!(
            (beside[ORIGINAL_ID_ATTRIBUTE].as_str(), beside[ATTEMPTS_ATTRIBUTE].as_str()),
            ("m1", "3")
        );

        let many = (0..10).map(|n| (format!("a{n}"), "x".to_owned())).collect();
        assert_eq!(dead_letter_attributes(&delivery(many), "reason").len(), MAX_ATTRIBUTES);
    }
}
