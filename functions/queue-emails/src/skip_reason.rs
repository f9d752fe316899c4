//! Reasons for sending no e-mail.

/// Reason for sending no e-mail. The messages are user-facing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SkipReason {
    /// No e-mail is sent for the event.
    #[error("no e-mail is sent for this event")]
    NotEmailed,
    /// The account was deleted.
    #[error("the account was deleted")]
    RecipientDeleted,
    /// The address has been verified.
    #[error("the address is already verified")]
    Verified,
    /// The requested address was replaced or cancelled, or belonged to another account.
    #[error("the address is not pending")]
    NotPending,
    /// The invited user has set a password.
    #[error("the invitation is already accepted")]
    InvitationAccepted,
    /// The link of the e-mail would have expired.
    #[error("the link would have expired")]
    TooLate,
    /// The recipient has turned off e-mails of this topic.
    #[error("the recipient has unsubscribed")]
    Unsubscribed,
    /// The order is not in the state that the event reports.
    #[error("the order is not in the state that the event reports")]
    StateChanged,
}
