//! Dead letters as callers see them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::queue::consumer::delivery::CORRELATION_ATTRIBUTE;
use shared::kit::system::clock::Timestamp;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterId, DeadLetterStatus, Redrive, Removal};
use shared::messaging::event_routing::Subscriber;

/// A message that could not be processed, without the message: what lists show.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetterSummary")]
pub(crate) struct SummaryBody {
    id: DeadLetterId,
    /// Whose queue it died in.
    queue: Subscriber,
    status: DeadLetterStatus,
    /// Why it could not be processed.
    reason: String,
    /// How often that was tried, the last time.
    attempts: u32,
    /// What ties it to the request that it came of.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
    /// Who had it tried again, the first first.
    redrives: Vec<Redrive>,
    /// Who removed the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Removal>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
}

/// A message that could not be processed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetter")]
pub(crate) struct DeadLetterBody {
    #[serde(flatten)]
    summary: SummaryBody,
    /// The id that the queue gave the message, the last time.
    message_id: String,
    /// What stood beside the message, by name.
    headers: BTreeMap<String, String>,
    /// The message, as it was sent.
    body: String,
}

impl Resource for SummaryBody {
    fn location(&self) -> String {
        format!("/v1/dead-letters/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl Resource for DeadLetterBody {
    fn location(&self) -> String {
        self.summary.location()
    }

    fn tag(&self) -> EntityTag {
        self.summary.tag()
    }
}

impl From<DeadLetter> for SummaryBody {
    fn from(letter: DeadLetter) -> Self {
        Self {
            id: letter.id,
            queue: letter.queue,
            status: letter.status,
            reason: letter.reason,
            attempts: letter.attempts,
            correlation_id: letter.attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            sent_at: letter.sent_at,
            redrives: letter.redrives,
            removed: letter.removed,
            created_at: letter.created_at,
            updated_at: letter.updated_at,
            version: letter.version,
        }
    }
}

impl From<DeadLetter> for DeadLetterBody {
    fn from(letter: DeadLetter) -> Self {
        Self {
            message_id: letter.message_id.clone(),
            headers: letter.attributes.clone(),
            body: letter.body.clone(),
            summary: letter.into(),
        }
    }
}
