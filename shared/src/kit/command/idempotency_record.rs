//! Idempotency records: a request or message that arrives several times is processed once.
//!
//! An HTTP request with an `Idempotency-Key` and a queue message are handled in the same way: an item with
//! the output is committed in the same transaction as the effect. A repetition finds the item and gets the
//! stored output.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kit::system::clock::{Entropy, Timestamp};

/// Retention of the idempotency record of an HTTP request: the time during which the response can be
/// replayed.
pub const HTTP_RETENTION: Duration = Duration::from_hours(24);

/// Retention of the idempotency record of a message: longer than any queue or dead-letter queue keeps the
/// message.
pub const MESSAGE_RETENTION: Duration = Duration::from_hours(24 * 30);

/// The idempotency record of a request or message, as it will be committed. The output is added when the
/// command is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Permanent name of the request or message, unique within its caller or consumer.
    pub scope: String,
    /// Digest of the content, if the sender chooses the key and could reuse it for other content.
    pub fingerprint: Option<String>,
    /// Time after which the record may be deleted.
    pub expires_at: Timestamp,
}

impl IdempotencyRecord {
    /// The record of an HTTP request that `caller` sent to `route` with the idempotency key `key`.
    #[must_use]
    pub fn for_request(caller: &str, route: &str, key: &str, fingerprint: String, now: Timestamp) -> Self {
        Self {
            scope: format!("http {caller} {route} {key}"),
            fingerprint: Some(fingerprint),
            expires_at: now.saturating_add(HTTP_RETENTION),
        }
    }

    /// The record of the message with the id `message`, as processed by `consumer`.
    #[must_use]
    pub fn for_message(consumer: &str, message: &str, now: Timestamp) -> Self {
        Self {
            scope: format!("message {consumer} {message}"),
            fingerprint: None,
            expires_at: now.saturating_add(MESSAGE_RETENTION),
        }
    }
}

/// Context of one execution of a command: its time, correlation id, and idempotency record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandContext {
    /// Id that is passed on with every event and message that results.
    pub correlation_id: CorrelationId,
    /// Time of the decision and of its events.
    pub at: Timestamp,
    /// Idempotency record to commit, if the command must be executed only once.
    pub idempotency_record: Option<IdempotencyRecord>,
}

impl CommandContext {
    /// A context without an idempotency record, for commands that the state itself protects from being
    /// executed twice.
    #[must_use]
    pub const fn new(correlation_id: CorrelationId, at: Timestamp) -> Self {
        Self { correlation_id, at, idempotency_record: None }
    }

    /// Adds the idempotency record.
    #[must_use]
    pub fn once(self, record: IdempotencyRecord) -> Self {
        Self { idempotency_record: Some(record), ..self }
    }

    /// Replaces the time.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Self {
        Self { at, ..self.clone() }
    }
}

/// Id that connects everything that results from one request: 1 to 128 characters of `A-Z a-z 0-9 . _ -`, or
/// an id of API Gateway, which may end in `=`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CorrelationId(String);

/// The text is not a valid correlation id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 characters of A-Z a-z 0-9 . _ -")]
pub struct CorrelationIdError;

impl CorrelationId {
    /// Generates an id, for requests that come without one.
    #[must_use]
    pub fn generate(entropy: &impl Entropy) -> Self {
        Self(format!("{:032x}", entropy.random()))
    }

    /// Parses the id that a client sent in a header; ids with `=` are not accepted.
    #[must_use]
    pub fn from_header(text: &str) -> Option<Self> {
        Self::try_from(text.to_owned()).ok().filter(|id| !id.0.contains('='))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CorrelationId {
    type Error = CorrelationIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-=".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(CorrelationIdError)
        }
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
