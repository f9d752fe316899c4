//! Dead letters: messages that could not be processed, stored for inspection and redrive.
//!
//! A dead letter has the status `dead` until it is redriven. The redrive sends the unchanged message to its
//! own queue through the outbox, in the same transaction that changes the status. If the message fails again,
//! the dead letter has the status `dead` again and keeps its earlier redrives. A removed dead letter has no
//! message any more; it is kept for a while to show who removed it.

pub mod job_request;
pub mod mark_job_dead;
pub mod record;
pub mod redrive;
pub mod remove;
mod status;
pub mod unpublishable;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::user::UserId;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::{Event, EventId, ForwardedMessage, Version};
use crate::kit::system::clock::Timestamp;
use crate::messaging::event_routing::Subscriber;

pub use status::DeadLetterStatus;

/// Id of a [`DeadLetter`].
pub type DeadLetterId = Id<DeadLetter>;

/// Message attribute of a redriven message: id of the redrive event, which contains the
/// id of the dead letter.
pub const REDRIVE_ATTRIBUTE: &str = "redriveOf";

/// Message that could not be processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Id of the dead letter.
    pub id: DeadLetterId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Queue of the message.
    pub queue: Subscriber,
    /// Status of the dead letter.
    pub status: DeadLetterStatus,
    /// Message id assigned by the queue.
    pub message_id: String,
    /// Body of the message.
    pub body: String,
    /// Id of the entity that the message is about, if the body names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Message attributes set by the sender, by name.
    pub attributes: BTreeMap<String, String>,
    /// Reason of the last failure.
    pub reason: String,
    /// Number of attempts to process the message.
    pub attempts: u32,
    /// Time at which the message was sent.
    pub sent_at: Option<Timestamp>,
    /// Redrives so far, oldest first.
    pub redrives: Vec<Redrive>,
    /// Removal of the message, if it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
    /// Time of recording.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Redrive of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redrive {
    /// Id of the user who requested the redrive.
    pub by: UserId,
    /// Time of the redrive.
    pub at: Timestamp,
}

/// Permanent removal of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Removal {
    /// Id of the user who removed the message.
    pub by: UserId,
    /// Time of the removal.
    pub at: Timestamp,
}

/// Retention of a dead letter after its removal.
const RETENTION: Duration = Duration::from_hours(90 * 24);

impl Identified for DeadLetter {
    const PREFIX: &'static str = "dlt";
    const NOUN: &'static str = "dead letter";
}

impl DeadLetter {
    /// Marks the dead letter as redriven by `by`.
    #[must_use]
    pub fn redriven(mut self, by: UserId, at: Timestamp) -> Self {
        self.redrives.push(Redrive { by, at });
        Self { version: self.version.next(), status: DeadLetterStatus::Redriven, updated_at: at, ..self }
    }

    /// Marks the dead letter as dead again after another failure of its message, recorded as `again`.
    #[must_use]
    pub fn died_again(self, again: &Self, at: Timestamp) -> Self {
        Self {
            version: self.version.next(),
            status: DeadLetterStatus::Dead,
            message_id: again.message_id.clone(),
            // Dead letters of earlier versions have none.
            subject: self.subject.or_else(|| again.subject.clone()),
            reason: again.reason.clone(),
            attempts: again.attempts,
            sent_at: again.sent_at,
            updated_at: at,
            ..self
        }
    }

    /// Deletes the message and records that `by` removed it.
    #[must_use]
    pub fn removed(self, by: UserId, at: Timestamp) -> Self {
        Self {
            version: self.version.next(),
            status: DeadLetterStatus::Removed,
            body: String::new(),
            subject: None,
            attributes: BTreeMap::new(),
            removed: Some(Removal { by, at }),
            updated_at: at,
            ..self
        }
    }

    /// Returns the dead letter unless its message was removed.
    #[must_use]
    pub fn not_removed(self) -> Option<Self> {
        (self.status != DeadLetterStatus::Removed).then_some(self)
    }

    /// Time at which a removed dead letter expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.removed.map(|removal| removal.at.saturating_add(RETENTION))
    }

    /// Message to send on a redrive: the original message with the redrive attribute.
    #[must_use]
    pub fn message(&self) -> ForwardedMessage {
        let mut attributes = self.attributes.clone();
        let redrive = EventId::of(&self.id.to_string(), self.version);
        attributes.insert(REDRIVE_ATTRIBUTE.to_owned(), redrive.to_string());
        ForwardedMessage { body: self.body.clone(), attributes }
    }
}

/// Subject of a message body.
#[derive(Deserialize)]
struct MessageSubject {
    subject: String,
}

/// Id of the entity that a message is about, from its body.
#[must_use]
pub fn subject_of(body: &str) -> Option<String> {
    serde_json::from_str(body).ok().map(|MessageSubject { subject }| subject)
}

/// Id of the dead letter from the value of [`REDRIVE_ATTRIBUTE`].
#[must_use]
pub fn dead_letter_id_of_redrive(redrive: &str) -> Option<DeadLetterId> {
    let (id, _) = redrive.split_once('.')?;
    id.parse().ok()
}

/// Event of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum DeadLetterEvent {
    /// A message was recorded as a dead letter.
    #[serde(rename = "dead_letter.recorded")]
    Recorded,
    /// The message is sent to its queue again.
    #[serde(rename = "dead_letter.redriven")]
    Redriven {
        /// Queue of the message.
        queue: Subscriber,
        /// Original message.
        #[serde(skip)]
        message: ForwardedMessage,
    },
    /// The message was removed.
    #[serde(rename = "dead_letter.removed")]
    Removed,
}

/// The only subscriber is the queue to which a message is redriven. Any other consumer of these events that
/// failed would turn dead letters into more dead letters.
impl Event for DeadLetterEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Recorded => "dead_letter.recorded",
            Self::Redriven { queue, .. } => queue.redrive(),
            Self::Removed => "dead_letter.removed",
        }
    }

    fn forwarded_message(&self) -> Option<ForwardedMessage> {
        match self {
            Self::Redriven { message, .. } => Some(message.clone()),
            Self::Recorded | Self::Removed => None,
        }
    }
}
