//! Wrapper of the emulator's handler. It notifies the pollers when a message may have become visible, and
//! records delayed messages, which no SQS operation returns.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use rustack_sqs_core::{handler::RustackSqsHandler, provider::RustackSqs};
use rustack_sqs_http::{body::SqsResponseBody, dispatch::SqsHandler};
use rustack_sqs_model::{
    error::SqsError,
    input::{SendMessageBatchInput, SendMessageInput},
    operations::SqsOperation,
};
use serde_json::Value;
use tokio::sync::watch;

use super::snapshot::DelayedMessages;

pub(super) struct NotifyingHandler {
    inner: RustackSqsHandler,
    changes: Arc<watch::Sender<u64>>,
    delayed: Arc<Mutex<DelayedMessages>>,
    max_delay: Option<Duration>,
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<SqsResponseBody>, SqsError>> + Send>>;

impl NotifyingHandler {
    pub(super) fn new(
        provider: Arc<RustackSqs>,
        changes: Arc<watch::Sender<u64>>,
        delayed: Arc<Mutex<DelayedMessages>>,
        max_delay: Option<Duration>,
    ) -> Self {
        Self { inner: RustackSqsHandler::new(provider), changes, delayed, max_delay }
    }
}

impl SqsHandler for NotifyingHandler {
    fn handle_operation(&self, operation: SqsOperation, body: Bytes) -> ResponseFuture {
        let body = match self.max_delay {
            Some(delay) if is_send(operation) => with_max_delay(&body, delay),
            _ => body,
        };
        let response_future = self.inner.handle_operation(operation, body.clone());
        let may_make_visible = matches!(
            operation,
            SqsOperation::SendMessage
                | SqsOperation::SendMessageBatch
                | SqsOperation::ChangeMessageVisibility
                | SqsOperation::ChangeMessageVisibilityBatch
        );
        if !may_make_visible {
            return response_future;
        }
        let (changes, delayed) = (Arc::clone(&self.changes), Arc::clone(&self.delayed));
        Box::pin(async move {
            let response = response_future.await?;
            let mut delayed = delayed.lock().unwrap_or_else(PoisonError::into_inner);
            for message in delayed_messages(operation, &body) {
                delayed.add(message);
            }
            drop(delayed);
            changes.send_modify(|version| *version += 1);
            Ok(response)
        })
    }
}

fn is_send(operation: SqsOperation) -> bool {
    matches!(operation, SqsOperation::SendMessage | SqsOperation::SendMessageBatch)
}

/// The request with delays of at most `max`.
fn with_max_delay(body: &Bytes, max: Duration) -> Bytes {
    let Ok(mut request) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let shorten = |message: &mut Value| {
        if let Some(delay) = message.get_mut("DelaySeconds")
            && delay.as_u64().is_some_and(|seconds| seconds > max.as_secs())
        {
            *delay = max.as_secs().into();
        }
    };
    shorten(&mut request);
    request.get_mut("Entries").and_then(Value::as_array_mut).into_iter().flatten().for_each(shorten);
    request.to_string().into()
}

/// Messages of a request that have a delay of their own.
fn delayed_messages(operation: SqsOperation, body: &[u8]) -> Vec<SendMessageInput> {
    let messages = match operation {
        SqsOperation::SendMessage => serde_json::from_slice(body).map(|message| vec![message]),
        SqsOperation::SendMessageBatch => {
            serde_json::from_slice::<SendMessageBatchInput>(body).map(|batch| {
                let message =
                    |entry: rustack_sqs_model::types::SendMessageBatchRequestEntry| SendMessageInput {
                        queue_url: batch.queue_url.clone(),
                        message_body: entry.message_body,
                        delay_seconds: entry.delay_seconds,
                        message_attributes: entry.message_attributes,
                        message_system_attributes: entry.message_system_attributes,
                        ..SendMessageInput::default()
                    };
                batch.entries.into_iter().map(message).collect()
            })
        }
        _ => return Vec::new(),
    };
    let mut messages: Vec<SendMessageInput> = messages.unwrap_or_default();
    messages.retain(|message| message.delay_seconds.is_some_and(|delay| delay > 0));
    messages
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shortened(request: &Value) -> Value {
        let body = with_max_delay(&request.to_string().into(), Duration::from_secs(2));
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn only_longer_delays_are_shortened() {
        assert_eq!(shortened(&json!({ "DelaySeconds": 900 })), json!({ "DelaySeconds": 2 }));
        assert_eq!(shortened(&json!({ "MessageBody": "one" })), json!({ "MessageBody": "one" }));
        let entries =
            |delays: [u64; 2]| json!({ "Entries": delays.map(|delay| json!({ "DelaySeconds": delay })) });
        assert_eq!(shortened(&entries([1, 30])), entries([1, 2]));
    }
}
