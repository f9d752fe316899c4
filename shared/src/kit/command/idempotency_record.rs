//! Receipts: how the same request or message, however often it comes, is done once.
//!
//! An HTTP `Idempotency-Key` and a message that was processed are the same thing: proof, committed in the same
//! transaction as the effect, that it was done, with what was answered.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kit::system::clock::{Entropy, Timestamp};

/// How long an HTTP answer can be replayed.
pub const HTTP_RETENTION: Duration = Duration::from_hours(24);

/// How long a message's receipt is kept: longer than any queue or dead-letter queue keeps the message.
pub const MESSAGE_RETENTION: Duration = Duration::from_hours(24 * 30);

/// The claim that a thing is done once, not yet proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Names the request or message for good, within its caller or consumer.
    pub scope: String,
    /// Digest of the content, where the sender chooses the name and might reuse it for something else.
    pub fingerprint: Option<String>,
    /// When the proof may be forgotten.
    pub expires_at: Timestamp,
}

impl IdempotencyRecord {
    /// Of an HTTP request that `caller` sent to `route` under the idempotency key `key`.
    #[must_use]
    pub fn for_request(caller: &str, route: &str, key: &str, fingerprint: String, now: Timestamp) -> Self {
        Self {
            scope: format!("http {caller} {route} {key}"),
            fingerprint: Some(fingerprint),
            expires_at: now.saturating_add(HTTP_RETENTION),
        }
    }

    /// Of a message with the id `message` as `consumer` processes it.
    #[must_use]
    pub fn for_message(consumer: &str, message: &str, now: Timestamp) -> Self {
        Self {
            scope: format!("message {consumer} {message}"),
            fingerprint: None,
            expires_at: now.saturating_add(MESSAGE_RETENTION),
        }
    }
}

/// Why a command is carried out: when, on behalf of which piece of work, and whether only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandContext {
    /// Follows the work through every event and queue that it leads to.
    pub correlation_id: CorrelationId,
    /// The time that decisions and events carry.
    pub at: Timestamp,
    /// The claim to do it once, if there is one.
    pub receipt: Option<IdempotencyRecord>,
}

impl CommandContext {
    /// A cause without a receipt: for commands that the state itself protects from being done twice.
    #[must_use]
    pub const fn new(correlation_id: CorrelationId, at: Timestamp) -> Self {
        Self { correlation_id, at, receipt: None }
    }

    /// The same cause, to be acted on once.
    #[must_use]
    pub fn once(self, receipt: IdempotencyRecord) -> Self {
        Self { receipt: Some(receipt), ..self }
    }

    /// The same cause at another time.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Self {
        Self { at, ..self.clone() }
    }
}

/// Ties together all that one request leads to: 1 to 128 of `A-Z a-z 0-9 . _ -`, or an id of API Gateway's, which may
/// end in `=`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CorrelationId(String);

/// Text that is no correlation id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 characters of A-Z a-z 0-9 . _ -")]
pub struct CorrelationIdError;

impl CorrelationId {
    /// A new id, for work that nobody has named.
    #[must_use]
    pub fn generate(entropy: &impl Entropy) -> Self {
        Self(format!("{:032x}", entropy.random()))
    }

    /// The id that a caller offers: without `=`.
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
