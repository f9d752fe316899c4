//! Dead letters: messages that could not be processed, kept to be read and put right.
//!
//! A letter is dead until it is redriven: its message goes back to its own queue as it was, through the outbox, so that it
//! is sent exactly when the letter says so. Should the message die again, the letter is dead again, and remembers who
//! redrove it before. One that somebody removed has no message any more, and says for a while who that was.

pub mod mark_job_dead;
pub mod record;
pub mod redrive;
pub mod remove;
mod status;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::user::UserId;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::{Event, EventId, ForwardedMessage, Version};
use crate::kit::system::clock::Timestamp;
use crate::messaging::event_routing::Subscriber;

pub use status::{DeadLetterStatus, DeadLetterStatusError};

/// The id of a [`DeadLetter`].
pub type DeadLetterId = Id<DeadLetter>;

/// The attribute of a message that was redriven: the event that sent it, which names the letter.
pub const REDRIVE_ATTRIBUTE: &str = "redriveOf";

/// A message that could not be processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// Counts its changes.
    pub version: Version,
    /// Whose queue it died in.
    pub queue: Subscriber,
    /// Whether it waits for somebody.
    pub status: DeadLetterStatus,
    /// The id that the queue gave the message.
    pub message_id: String,
    /// The message.
    pub body: String,
    /// What its sender noted beside it, by name.
    pub attributes: BTreeMap<String, String>,
    /// Why it could not be processed.
    pub reason: String,
    /// How often that was tried.
    pub attempts: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Who had it tried again, the first first.
    pub redrives: Vec<Redrive>,
    /// Who removed its message, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it last died or was redriven.
    pub updated_at: Timestamp,
}

/// That somebody had a message tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redrive {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// That somebody removed a message for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Removal {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// How long it is kept who removed a message.
const RETENTION: Duration = Duration::from_hours(90 * 24);

impl Identified for DeadLetter {
    const PREFIX: &'static str = "dlt";
}

impl DeadLetter {
    /// The letter, once its message is sent again on behalf of `by`.
    #[must_use]
    pub fn redriven(mut self, by: UserId, at: Timestamp) -> Self {
        self.redrives.push(Redrive { by, at });
        Self { version: self.version.next(), status: DeadLetterStatus::Redriven, updated_at: at, ..self }
    }

    /// The letter, once its message has died again, as `again` tells.
    #[must_use]
    pub fn died_again(self, again: &Self, at: Timestamp) -> Self {
        Self {
            version: self.version.next(),
            status: DeadLetterStatus::Dead,
            message_id: again.message_id.clone(),
            reason: again.reason.clone(),
            attempts: again.attempts,
            sent_at: again.sent_at,
            updated_at: at,
            ..self
        }
    }

    /// The letter without its message, which `by` has removed.
    #[must_use]
    pub fn removed(self, by: UserId, at: Timestamp) -> Self {
        Self {
            version: self.version.next(),
            status: DeadLetterStatus::Removed,
            body: String::new(),
            attributes: BTreeMap::new(),
            removed: Some(Removal { by, at }),
            updated_at: at,
            ..self
        }
    }

    /// The letter, if it has its message still.
    #[must_use]
    pub fn not_removed(self) -> Option<Self> {
        (self.status != DeadLetterStatus::Removed).then_some(self)
    }

    /// When nobody needs to know any more that it was there.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.removed.map(|removal| removal.at.saturating_add(RETENTION))
    }

    /// The message as it was, with a note of the redrive that sends it again.
    #[must_use]
    pub fn message(&self) -> ForwardedMessage {
        let mut attributes = self.attributes.clone();
        let redrive = EventId::of(&self.id.to_string(), self.version);
        attributes.insert(REDRIVE_ATTRIBUTE.to_owned(), redrive.to_string());
        ForwardedMessage { body: self.body.clone(), attributes }
    }
}

/// The letter that a redrive was of, as [`REDRIVE_ATTRIBUTE`] names it.
#[must_use]
pub fn dead_letter_id_of_redrive(redrive: &str) -> Option<DeadLetterId> {
    let (letter, _) = redrive.split_once('.')?;
    letter.parse().ok()
}

/// What happens to dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum DeadLetterEvent {
    /// A message died.
    #[serde(rename = "dead_letter.recorded")]
    Recorded,
    /// Its message goes back to its queue.
    #[serde(rename = "dead_letter.redriven")]
    Redriven {
        /// Which.
        queue: Subscriber,
        /// As it was.
        #[serde(skip)]
        message: ForwardedMessage,
    },
    /// Nobody wants its message any more.
    #[serde(rename = "dead_letter.removed")]
    Removed,
}

/// Nobody hears of dead letters but the queue that one goes back to. A consumer that did, and failed, would make dead
/// letters of dead letters.
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
