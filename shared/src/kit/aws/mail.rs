//! E-mails: the interface to a mail service.

pub mod ses;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::kit::command::CorrelationId;

pub use ses::SesMailer;

/// Timeout for sending a message.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(6);

/// Header with the correlation id of the original request.
pub const CORRELATION_HEADER: &str = "X-Correlation-Id";

/// An e-mail, with the same content as HTML and as plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Address of the only recipient.
    pub to: String,
    /// Subject, in one line.
    pub subject: String,
    /// Body as HTML.
    pub html: String,
    /// Body as plain text.
    pub text: String,
    /// Kind of message, for the statistics of the mail service: `A-Z a-z 0-9 _ -`.
    pub kind: &'static str,
    /// Correlation id of the original request.
    pub correlation_id: CorrelationId,
    /// URL for one-click unsubscription (RFC 8058); `None` if the recipient cannot turn off such messages, or
    /// the URL of the API is not configured.
    pub unsubscribe_url: Option<String>,
}

/// Omits address, subject and bodies: personal data must not get into a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Reason why a message was not sent, or may not have been. Contains nothing of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The service rejects this message or its address permanently. It was not sent.
    #[error("the mail service refuses the message or its address")]
    Refused,
    /// The service does not accept messages at present, or could not be reached. The message was not sent.
    #[error("the mail service is temporarily unavailable")]
    Unavailable,
    /// The service does not accept the sender or the credentials. The message was not sent.
    #[error("the mail service does not accept the sender or the credentials")]
    Misconfigured,
    /// There was no response: the message may or may not have been sent.
    #[error("the mail service did not respond")]
    Unknown,
}

/// Sends messages through a mail service. Implementations try once, within [`SEND_TIMEOUT`]: mail services
/// have no idempotency keys, so a second attempt could send a second e-mail, and is the caller's decision.
pub trait Mailer: Send + Sync {
    /// Sends the message.
    ///
    /// # Errors
    /// [`MailError`] if the message was not sent, or may not have been.
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), MailError>> + Send;
}
