//! E-mails: what is handed to a mail service, and how that ends.

pub mod ses;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::kit::command::CorrelationId;

pub use ses::SesMailer;

/// Handing a message over takes no longer than this, whatever comes of it.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(6);

/// The header that ties an e-mail to the request that began it all.
pub const CORRELATION_HEADER: &str = "X-Correlation-Id";

/// An e-mail, ready to go, in two forms that say the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The one address that it goes to.
    pub to: String,
    /// One line.
    pub subject: String,
    /// For those who like it to look well.
    pub html: String,
    /// For everybody else.
    pub text: String,
    /// What sort of message it is, for statistics of the mail service: `A-Z a-z 0-9 _ -`.
    pub kind: &'static str,
    /// Follows the work that led to it.
    pub correlation_id: CorrelationId,
}

/// Addresses, names and links are nobody's business: never in a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Why a message was not handed over, or may not have been. In public words, without the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The service will never take this message, or never for this address. It is not sent.
    #[error("the mail service refuses the message or its address")]
    Refused,
    /// The service does not take it now, and says so, or was never reached. It is not sent.
    #[error("the mail service does not take messages now")]
    Unavailable,
    /// The service does not accept our sender or our requests. It is not sent.
    #[error("the mail service does not accept our requests")]
    Misconfigured,
    /// There was no answer: it may be sent, or not.
    #[error("the mail service did not answer")]
    Unknown,
}

/// Hands messages to a mail service. Implementations try once, for no longer than [`LONGEST_SEND`]: such services know
/// messages by no key of ours, so that a second attempt may be a second e-mail, and is somebody else's decision. They
/// return [`MailError`] and nothing else.
pub trait Mailer: Send + Sync {
    /// Hands the message over.
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), MailError>> + Send;
}
