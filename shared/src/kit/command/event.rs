//! Events: what others are told about a change, committed with it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::record::Version;
use crate::kit::command::idempotency_record::{CommandContext, CorrelationId, IdempotencyRecord};
use crate::kit::system::clock::Timestamp;

/// An event of the catalogue: serialises as `{"type": …, "data": …}`.
pub trait Event: Serialize + Send + Sync + Routed {
    /// Its stable name, like `order.created`.
    fn name(&self) -> &'static str;

    /// The message that is sent in its place, if it stands for one that was sent before.
    fn forwarded_message(&self) -> Option<ForwardedMessage> {
        None
    }
}

/// Routing of an event, decided apart from the entity that causes it.
pub trait Routed {
    /// Returns true if a queue subscribes to the event. An event without subscribers is not stored.
    fn has_subscribers(&self) -> bool;
}

/// A message that is sent again as it was, without an envelope of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedMessage {
    /// The message.
    pub body: String,
    /// What stands beside it, by name.
    pub attributes: BTreeMap<String, String>,
}

/// For entities whose changes cause no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NoEvents;

impl Event for NoEvents {
    fn name(&self) -> &'static str {
        "silent"
    }
}

impl Routed for NoEvents {
    fn has_subscribers(&self) -> bool {
        false
    }
}

/// Names an event for good: the entity that changed and the version it reached.
///
/// Being derived, it is the same however often the event is published, so that a consumer's receipt under it
/// holds off every duplicate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// The event of `subject` reaching `version`.
    #[must_use]
    pub fn of(subject: &str, version: Version) -> Self {
        Self(format!("{subject}.{version}"))
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

/// An event on its way: the body of a queue message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<E> {
    /// The event's own id.
    pub id: EventId,
    /// Version of the envelope's and the data's form.
    pub schema: u32,
    /// The entity that changed.
    pub subject: String,
    /// The version that the entity reached; later events of one subject have greater numbers.
    pub sequence: Version,
    /// When it was decided.
    pub occurred_at: Timestamp,
    /// The correlation id of the request that began it all.
    pub correlation_id: CorrelationId,
    /// The event.
    #[serde(flatten)]
    pub event: E,
}

impl<E> Envelope<E> {
    /// The form that this code writes.
    pub const SCHEMA: u32 = 1;

    /// Why a consumer acts on this event: once per event.
    #[must_use]
    pub fn cause(&self, consumer: &str, now: Timestamp) -> CommandContext {
        CommandContext::new(self.correlation_id.clone(), now).once(IdempotencyRecord::for_message(
            consumer,
            self.id.as_str(),
            now,
        ))
    }
}
