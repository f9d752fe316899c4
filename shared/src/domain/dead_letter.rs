//! Dead letters: messages that could not be processed, kept to be read and put right.

pub mod record;

use serde::{Deserialize, Serialize};

use super::id::{Id, Identified};
use crate::clock::Timestamp;
use crate::command::Version;

/// The id of a [`DeadLetter`].
pub type DeadLetterId = Id<DeadLetter>;

/// A message that could not be processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// Counts its changes.
    pub version: Version,
    /// The dead-letter queue that it came through.
    pub queue: String,
    /// The id that the queue gave the message.
    pub message_id: String,
    /// The message.
    pub body: String,
    /// Its attributes, by name.
    pub attributes: std::collections::BTreeMap<String, String>,
    /// Why it could not be processed.
    pub reason: String,
    /// When it was sent first.
    pub sent_at: Option<Timestamp>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

impl Identified for DeadLetter {
    const PREFIX: &'static str = "dlt";
}
