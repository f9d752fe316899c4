//! Captures the messages that the relay sends.

use std::sync::{Arc, Mutex, PoisonError};

use local::faults::{RequestMutation, Service};

use crate::fixture::Fixture;

/// Logical ids of the queues that the relay sends to.
const QUEUES: [&str; 4] = ["FulfilmentQueue", "AnalyticsQueue", "SearchIndexQueue", "EmailsQueue"];

/// A captured message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// Logical id of the queue.
    pub(super) queue: &'static str,
    /// Message body.
    pub(super) body: String,
}

/// Captured messages.
#[derive(Debug, Clone, Default)]
pub(super) struct RelayTap(Arc<Mutex<Vec<Message>>>);

impl RelayTap {
    /// Starts to capture messages.
    pub(super) fn install(fixture: &Fixture) -> Self {
        let tap = Self::default();
        let captured = tap.clone();
        let url = |queue: &'static str| (queue, fixture.app.stack().queue_url(queue).unwrap_or_default());
        let names = QUEUES
            .map(url)
            .map(|(queue, url)| (queue, url.rsplit('/').next().map(|name| format!("/{name}"))));
        fixture.faults().add_mutation(RequestMutation::new(
            "stream-outbox-relay",
            Service::Sqs,
            move |_, body| {
                let url = body["QueueUrl"].as_str().unwrap_or_default();
                let matches = |name: &Option<String>| name.as_ref().is_some_and(|name| url.ends_with(name));
                let Some((queue, _)) = names.iter().find(|(_, name)| matches(name)) else { return };
                let entries = body["Entries"].as_array().cloned().unwrap_or_default();
                let bodies = entries.iter().filter_map(|entry| entry["MessageBody"].as_str());
                let messages = bodies.map(|body| Message { queue, body: body.to_owned() });
                captured.0.lock().unwrap_or_else(PoisonError::into_inner).extend(messages);
            },
        ));
        tap
    }

    /// Takes the messages that were captured since the last call.
    pub(super) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
