//! Keeps messages over a restart.
//!
//! What survives a clean stop: every message with its body and its attributes; a message that was sent with a delay
//! keeps what is left of it. What does not: the message id and the receive count (SQS has no operation that sets
//! them), and how long a consumer has put a message off: it is visible at once. After a crash nothing survives; the
//! table is the truth, and what a lost message was about is found there.

use std::{fs, io, path::Path};

use rustack_sqs_model::{input::SendMessageInput, types::Message};
use serde::{Deserialize, Serialize};

use super::{QueueError, Queues};
use crate::system::clock;

/// Messages that were sent with a delay, with the time at which it ends, in milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    messages: Vec<(i64, SendMessageInput)>,
}

impl Delayed {
    pub(super) fn add(&mut self, message: SendMessageInput) {
        let now = clock::now_millis();
        self.messages.retain(|(due, _)| *due > now);
        let delay = i64::from(message.delay_seconds.unwrap_or(0)) * 1_000;
        self.messages.push((now + delay, message));
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    queue: String,
    /// Milliseconds since 1970.
    due: i64,
    message: SendMessageInput,
}

pub(super) async fn save(queues: &Queues, delayed: Delayed, path: &Path) -> Result<usize, QueueError> {
    let mut kept = Vec::new();
    let now = clock::now_millis();
    // Twice, because receiving can move a message to a dead-letter queue that has been emptied already.
    for name in queues.names.iter().chain(queues.names.iter()) {
        loop {
            let messages = queues.receive(name, 10).await?;
            if messages.is_empty() {
                break;
            }
            kept.extend(messages.into_iter().map(|message| Kept {
                queue: name.clone(),
                due: now,
                message: sendable(message),
            }));
        }
    }
    for (due, message) in delayed.messages.into_iter().filter(|(due, _)| *due > now) {
        let queue = message.queue_url.rsplit('/').next().unwrap_or_default().to_owned();
        kept.push(Kept { queue, due, message });
    }
    let count = kept.len();
    let written = serde_json::to_vec(&kept).map_err(io::Error::from).and_then(|text| fs::write(path, text));
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
    let kept: Vec<Kept> = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
    let mut count = 0;
    for Kept { queue, due, mut message } in kept {
        // A queue that the template no longer has takes its messages with it.
        if !queues.names.contains(&queue) {
            continue;
        }
        let left = (due - clock::now_millis()).max(0) / 1_000;
        message.queue_url = queues.url(&queue);
        message.delay_seconds = i32::try_from(left).ok();
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
