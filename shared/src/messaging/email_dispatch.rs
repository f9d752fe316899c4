//! What becomes of an e-mail: decided on before it is sent, and noted afterwards.
//!
//! A mail service knows messages by no key of ours and cannot be asked what it has sent. So the record of a dispatch is
//! what there is to know: who finds that a sender has died in between does not know whether the e-mail is out, and sends
//! it once more; a second unknown end is for a person to look at. A known end is never sent again.

pub mod begin;
pub mod end;

use serde::{Deserialize, Serialize};

use crate::kit::command::Version;
use crate::kit::command::event::EventId;
use crate::kit::system::clock::Timestamp;

/// How often an e-mail may have been sent: once, and once more if nobody knows about the first.
pub const MAX_SENDS: u32 = 2;

/// One e-mail on its way out, by the event that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailDispatch {
    /// The event.
    pub id: EventId,
    /// Counts its changes; whoever began a version is the one to end it.
    pub version: Version,
    /// How far it is.
    #[serde(flatten)]
    pub state: DispatchState,
    /// How often it was sent or may have been.
    pub sends: u32,
    /// Stands for what it says, if that may become untrue; empty otherwise. No address and no link can be read from it.
    pub content_hash: String,
    /// When this may be forgotten.
    pub expires_at: Timestamp,
}

/// How far an e-mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum DispatchState {
    /// It is certainly not out.
    Unsent,
    /// Somebody sends it.
    Sending {
        /// From then on they have certainly stopped.
        until: Timestamp,
    },
    /// It is out.
    Sent,
}
