//! What the relay sends, written down on its way.

use std::sync::{Arc, Mutex, PoisonError};

use local::faults::{RequestMutation, Service};

use crate::fixture::Fixture;

/// The queues that the relay sends to.
const QUEUES: [&str; 4] = ["FulfilmentQueue", "AnalyticsQueue", "SearchIndexQueue", "EmailsQueue"];

/// A message that was sent.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The queue, as the template calls it.
    pub(super) queue: &'static str,
    /// The message.
    pub(super) body: String,
}

/// Messages that were overheard.
#[derive(Debug, Clone, Default)]
pub(super) struct RelayTap(Arc<Mutex<Vec<Message>>>);

impl RelayTap {
    /// Listens from now on.
    pub(super) fn of(bench: &Fixture) -> Self {
        let heard = Self::default();
        let written = heard.clone();
        let url = |queue: &'static str| (queue, bench.shop.stack().queue_url(queue).unwrap_or_default());
        let names = QUEUES
            .map(url)
            .map(|(queue, url)| (queue, url.rsplit('/').next().map(|name| format!("/{name}"))));
        bench.faults().add_mutation(RequestMutation::new(
            "stream-outbox-relay",
            Service::Sqs,
            move |_, body| {
                let url = body["QueueUrl"].as_str().unwrap_or_default();
                let is_it = |name: &Option<String>| name.as_ref().is_some_and(|name| url.ends_with(name));
                let Some((queue, _)) = names.iter().find(|(_, name)| is_it(name)) else { return };
                let entries = body["Entries"].as_array().cloned().unwrap_or_default();
                let bodies = entries.iter().filter_map(|entry| entry["MessageBody"].as_str());
                let messages = bodies.map(|body| Message { queue, body: body.to_owned() });
                written.0.lock().unwrap_or_else(PoisonError::into_inner).extend(messages);
            },
        ));
        heard
    }

    /// What was heard since this was last asked.
    pub(super) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
