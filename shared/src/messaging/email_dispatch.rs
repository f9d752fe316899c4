//! State of an e-mail dispatch: recorded before the e-mail is sent and updated afterwards.
//!
//! The e-mail service has no idempotency keys and cannot be asked which e-mails it has sent. So this record
//! is the only evidence. If a sender crashes between the two writes, it is unknown whether the e-mail was
//! sent, and it is sent again. After a second unknown outcome, an operator decides. An e-mail with a known
//! outcome is never sent again.

pub mod allowance;
pub mod begin;
pub mod end;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kit::command::Version;
use crate::kit::command::event::EventId;
use crate::kit::system::clock::Timestamp;

/// Maximum number of sends of an e-mail: one, and a second one if the outcome of the first is unknown.
pub const MAX_SENDS: u32 = 2;

/// Recipient of an e-mail about an event. An event can have several, each with an e-mail of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// Owner of the account that the event is about.
    Account,
    /// Owner of the account, at the address that is to be replaced.
    OldAddress,
    /// Buyer of the order that the event is about.
    Buyer,
    /// Seller of the order that the event is about.
    Seller,
}

/// Id of a dispatch: the event and the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DispatchId(String);

impl DispatchId {
    /// Id of the dispatch of the e-mail about `event` to `recipient`. It has a suffix for the second
    /// recipient of an event: the seller, or the old address.
    #[must_use]
    pub fn new(event: &EventId, recipient: Recipient) -> Self {
        match recipient {
            Recipient::Account | Recipient::Buyer => Self(event.to_string()),
            Recipient::Seller => Self(format!("{event}.seller")),
            Recipient::OldAddress => Self(format!("{event}.old-address")),
        }
    }
}

impl fmt::Display for DispatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Dispatch of the e-mail about an event to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailDispatch {
    /// Event and recipient.
    pub id: DispatchId,
    /// Version for optimistic locking. Only the sender that began a version may end it.
    pub version: Version,
    /// State of the dispatch.
    #[serde(flatten)]
    pub state: DispatchState,
    /// Number of sends, including those with an unknown outcome.
    pub sends: u32,
    /// Digest of the content if the content can become outdated; otherwise empty. It reveals neither address
    /// nor link.
    pub content_hash: String,
    /// Time from which the record may be deleted.
    pub expires_at: Timestamp,
}

impl EmailDispatch {
    /// Returns true if the e-mail may be sent now: it was neither sent nor suppressed, and no other sender is
    /// sending it.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        match self.state {
            DispatchState::Unsent => true,
            DispatchState::Sending { until } => until <= now,
            DispatchState::Sent | DispatchState::Suppressed => self.expires_at <= now,
        }
    }
}

/// State of a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum DispatchState {
    /// The e-mail has certainly not been sent.
    Unsent,
    /// A sender is sending the e-mail.
    Sending {
        /// Time from which that sender has certainly stopped.
        until: Timestamp,
    },
    /// The e-mail has been sent.
    Sent,
    /// The e-mail is never sent, because its address got too many e-mails of this kind.
    Suppressed,
}
