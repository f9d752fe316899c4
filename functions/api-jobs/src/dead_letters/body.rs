//! Response bodies of dead letters.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::queue::consumer::delivery::CORRELATION_ATTRIBUTE;
use shared::kit::system::clock::Timestamp;
use shared::messaging::dead_letter::{
    DeadLetter, DeadLetterId, DeadLetterStatus, Redrive, Removal, subject_of,
};
use shared::messaging::event_routing::Subscriber;

/// Dead letter without its message.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "DeadLetterSummary",
    extend("examples" = [{
        "id": "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "queue": "emails",
        "status": "redriven",
        "reason": "the e-mail service does not respond",
        "subject": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "attempts": 5,
        "correlationId": "checkout-7f3a",
        "sentAt": "2027-01-15T08:00:00.000Z",
        "redrives": [{ "by": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "at": "2027-01-15T09:00:00.000Z" }],
        "createdAt": "2027-01-15T08:10:00.000Z",
        "updatedAt": "2027-01-15T09:00:00.000Z",
        "version": 2,
    }])
)]
pub(crate) struct SummaryBody {
    /// Id of the dead letter.
    id: DeadLetterId,
    /// Queue of the message.
    queue: Subscriber,
    /// Status of the dead letter.
    status: DeadLetterStatus,
    /// Reason of the last failure.
    reason: String,
    /// Id of the entity that the message is about; absent if unknown, or if the message was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Number of attempts to process the message since it was last sent.
    attempts: u32,
    /// Correlation id of the request that caused the message; absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    /// Time at which the message was last sent; absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
    /// Redrives so far, oldest first.
    redrives: Vec<Redrive>,
    /// Removal of the message; absent if it was not removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Removal>,
    /// Time at which the dead letter was recorded.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
    /// Version of the dead letter, from 1.
    version: Version,
}

/// Dead letter: a message that could not be processed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "DeadLetter",
    extend("examples" = [{
        "id": "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "queue": "emails",
        "status": "redriven",
        "reason": "the e-mail service does not respond",
        "subject": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "attempts": 5,
        "correlationId": "checkout-7f3a",
        "sentAt": "2027-01-15T08:00:00.000Z",
        "redrives": [{ "by": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "at": "2027-01-15T09:00:00.000Z" }],
        "createdAt": "2027-01-15T08:10:00.000Z",
        "updatedAt": "2027-01-15T09:00:00.000Z",
        "version": 2,
        "messageId": "5fea7756-0ea4-451a-a703-a558b933e274",
        "headers": { "correlationId": "checkout-7f3a", "event": "order.confirmed" },
        "body": "{\"type\":\"order.confirmed\",\"subject\":\"ord_01J8Z3K5V0ABCDEFGHJKMNPQRS\"}",
    }])
)]
pub(crate) struct DeadLetterBody {
    #[serde(flatten)]
    summary: SummaryBody,
    /// Id that the queue assigned to the message when it was last sent.
    message_id: String,
    /// Message attributes by name.
    headers: BTreeMap<String, String>,
    /// Body of the message.
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
    fn from(dead_letter: DeadLetter) -> Self {
        Self {
            id: dead_letter.id,
            queue: dead_letter.queue,
            status: dead_letter.status,
            reason: dead_letter.reason,
            subject: dead_letter.subject.or_else(|| subject_of(&dead_letter.body)),
            attempts: dead_letter.attempts,
            correlation_id: dead_letter.attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            sent_at: dead_letter.sent_at,
            redrives: dead_letter.redrives,
            removed: dead_letter.removed,
            created_at: dead_letter.created_at,
            updated_at: dead_letter.updated_at,
            version: dead_letter.version,
        }
    }
}

impl From<DeadLetter> for DeadLetterBody {
    fn from(dead_letter: DeadLetter) -> Self {
        Self {
            message_id: dead_letter.message_id.clone(),
            headers: dead_letter.attributes.clone(),
            body: dead_letter.body.clone(),
            summary: dead_letter.into(),
        }
    }
}
