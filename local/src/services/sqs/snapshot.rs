//! Saves and restores messages across restarts.
//!
//! A clean stop preserves every message with its body and attributes, and the remaining delay of messages
//! sent with a delay. It does not preserve the message id and the receive count, which no SQS operation sets,
//! nor a changed visibility timeout: the message is visible at once. After a crash, all messages are lost;
//! they can be recovered from the table, which is the source of truth.

use std::{fs, io, path::Path};

use rustack_sqs_model::{input::SendMessageInput, types::Message};
use serde::{Deserialize, Serialize};

use super::{QueueError, Queues};
use crate::system::clock;

/// Messages sent with a delay, and the time at which it ends, in milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct DelayedMessages {
    messages: Vec<(i64, SendMessageInput)>,
}

impl DelayedMessages {
    pub(super) fn add(&mut self, message: SendMessageInput) {
        let now = clock::now_millis();
        self.messages.retain(|(due, _)| *due > now);
        let delay = i64::from(message.delay_seconds.unwrap_or(0)) * 1_000;
        self.messages.push((now + delay, message));
    }
}

#[derive(Serialize, Deserialize)]
struct SavedMessage {
    queue: String,
    /// Milliseconds since 1970.
    due: i64,
    message: SendMessageInput,
}

pub(super) async fn save(
    queues: &Queues,
    delayed: DelayedMessages,
    path: &Path,
) -> Result<usize, QueueError> {
    let mut saved = Vec::new();
    let now = clock::now_millis();
    // Two passes, because receiving can move a message to a dead-letter queue that was read before.
    for name in queues.names.iter().chain(queues.names.iter()) {
        loop {
            let messages = queues.receive(name, 10).await?;
            if messages.is_empty() {
                break;
            }
            saved.extend(messages.into_iter().map(|message| SavedMessage {
                queue: name.clone(),
                due: now,
                message: sendable(message),
            }));
        }
    }
    for (due, message) in delayed.messages.into_iter().filter(|(due, _)| *due > now) {
        let queue = message.queue_url.rsplit('/').next().unwrap_or_default().to_owned();
        saved.push(SavedMessage { queue, due, message });
    }
    let count = saved.len();
    let written = serde_json::to_vec(&saved).map_err(io::Error::from).and_then(|text| fs::write(path, text));
    written.map_err(|source| QueueError::Snapshot { path: path.to_owned(), source })?;
    Ok(count)
}

pub(super) async fn restore(queues: &Queues, path: &Path) -> Result<usize, QueueError> {
    let failed = |source| QueueError::Snapshot { path: path.to_owned(), source };
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let saved: Vec<SavedMessage> = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
    let mut count = 0;
    for SavedMessage { queue, due, mut message } in saved {
        // Messages of queues that the template no longer contains are dropped.
        if !queues.names.contains(&queue) {
            continue;
        }
        let remaining_seconds = (due - clock::now_millis()).max(0) / 1_000;
        message.queue_url = queues.url(&queue);
        message.delay_seconds = i32::try_from(remaining_seconds).ok();
        queues.delayed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(message.clone());
        queues.provider.send_message(message).await?;
        count += 1;
    }
    fs::remove_file(path).map_err(failed)?;
    Ok(count)
}

fn sendable(message: Message) -> SendMessageInput {
    SendMessageInput {
        message_body: message.body.unwrap_or_default(),
        message_attributes: message.message_attributes,
        ..SendMessageInput::default()
    }
}
