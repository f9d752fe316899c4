//! Events: descriptions of changes for other components, committed with the change.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::kit::command::idempotency_record::CorrelationId;
use crate::kit::system::clock::Timestamp;

/// An event type; serialises as `{"type": …, "data": …}`.
pub trait Event: Serialize + Send + Sync + Routed {
    /// Stable name, like `order.created`.
    fn name(&self) -> &'static str;

    /// Part of the event log that lists the event, such as the market that it belongs to; `None` for events of
    /// the platform.
    fn scope(&self) -> Option<String> {
        None
    }

    /// Original message to forward instead (dead-letter redrive).
    fn forwarded_message(&self) -> Option<ForwardedMessage> {
        None
    }
}

/// Routing of an event, defined separately from the entity that emits it.
pub trait Routed {
    /// Destination of the event.
    fn routing(&self) -> Routing;
}

/// Destination of a committed event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    /// The queues that subscribe to it: stored in the outbox, and in the event log once it is published.
    Queues,
    /// The event log alone: no queue subscribes to it.
    LogOnly,
    /// None: the entity has no events.
    None,
}

/// A message that is sent again unchanged, without a new envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedMessage {
    /// Body of the message.
    pub body: String,
    /// Attributes of the message, by name.
    pub attributes: BTreeMap<String, String>,
}

/// An event that is not committed yet, with the entity and version that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct UncommittedEvent {
    /// Id of the entity.
    pub subject: String,
    /// Version that the entity reached.
    pub sequence: Version,
    /// Name of the event.
    pub name: &'static str,
    /// The event as `{"type": …, "data": …}`.
    pub event: serde_json::Value,
    /// Destination of the event.
    pub routing: Routing,
    /// Part of the event log that lists the event; `None` for events of the platform.
    pub scope: Option<String>,
    /// Original message to forward instead (dead-letter redrive).
    pub forwards: Option<ForwardedMessage>,
}

impl UncommittedEvent {
    /// The event with which `subject` reached the version `sequence`; `None` for entities without events.
    ///
    /// # Errors
    /// The error of the serialiser.
    pub(super) fn of(
        subject: String,
        sequence: Version,
        event: &impl Event,
    ) -> Result<Option<Self>, serde_json::Error> {
        let routing = event.routing();
        if routing == Routing::None {
            return Ok(None);
        }
        let (name, scope, forwards) = (event.name(), event.scope(), event.forwarded_message());
        let event = serde_json::to_value(event)?;
        Ok(Some(Self { subject, sequence, name, event, routing, scope, forwards }))
    }
}

/// Event type of entities whose changes emit no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NoEvents;

impl Event for NoEvents {
    fn name(&self) -> &'static str {
        "silent"
    }
}

impl Routed for NoEvents {
    fn routing(&self) -> Routing {
        Routing::None
    }
}

/// Permanent id of an event: the entity that changed and the version it reached.
///
/// The id is derived, so publishing the event again does not change it. A consumer stores its idempotency
/// record under this id and thus detects duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// The id of the event with which `subject` reached `version`.
    #[must_use]
    pub fn of(subject: &str, version: Version) -> Self {
        Self(format!("{subject}.{version}"))
    }

    /// Id of the entity.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(subject, _)| subject)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event in transit: the body of a queue message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<E> {
    /// Id of the event.
    pub id: EventId,
    /// Schema version of envelope and data.
    pub schema: u32,
    /// Id of the entity that changed.
    pub subject: String,
    /// Version that the entity reached; later events of the same subject have greater numbers.
    pub sequence: Version,
    /// Time of the decision.
    pub occurred_at: Timestamp,
    /// Correlation id of the original request.
    pub correlation_id: CorrelationId,
    /// The event.
    #[serde(flatten)]
    pub event: E,
}

impl<E> Envelope<E> {
    /// Schema version that this code writes.
    pub const SCHEMA: u32 = 1;
}
