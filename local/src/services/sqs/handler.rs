//! Wrapper of the emulator's handler. It notifies the pollers when a message may have become visible, and
//! records delayed messages, which no SQS operation returns.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
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
use tokio::sync::watch;

use super::snapshot::DelayedMessages;

pub(super) struct NotifyingHandler {
    inner: RustackSqsHandler,
    changes: Arc<watch::Sender<u64>>,
    delayed: Arc<Mutex<DelayedMessages>>,
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<SqsResponseBody>, SqsError>> + Send>>;

impl NotifyingHandler {
    pub(super) fn new(
        provider: Arc<RustackSqs>,
        changes: Arc<watch::Sender<u64>>,
        delayed: Arc<Mutex<DelayedMessages>>,
    ) -> Self {
        Self { inner: RustackSqsHandler::new(provider), changes, delayed }
    }
}

impl SqsHandler for NotifyingHandler {
    fn handle_operation(&self, operation: SqsOperation, body: Bytes) -> ResponseFuture {
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
