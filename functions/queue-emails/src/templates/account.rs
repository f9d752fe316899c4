//! E-mails about accounts.
//!
//! These e-mails go to unverified addresses, so they contain no user input, not even a name. A user who
//! registers a third party's address cannot send that party a message.

use std::time::Duration;

use shared::api::email_token::{PASSWORD_RESET_LIFETIME, VERIFICATION_LIFETIME};

use crate::email::{Button, EmailContent};

/// Lifetime of the link in an e-mail.
pub(crate) const fn lifetime(is_reset: bool) -> Duration {
    if is_reset { PASSWORD_RESET_LIFETIME } else { VERIFICATION_LIFETIME }
}

/// E-mail to a user who registered or changed their address.
pub(crate) fn verify(app_url: &str, token: &str, is_new: bool) -> EmailContent {
    let (kind, heading, opening) = if is_new {
        (
            "welcome",
            "Welcome to Agora",
            "Thank you for registering. Please confirm that this is your e-mail address.",
        )
    } else {
        (
            "verify",
            "Verify your new e-mail address",
            "Your account has a new e-mail address. Please confirm that it is yours.",
        )
    };
    EmailContent {
        kind,
        subject: if is_new { "Welcome to Agora: please verify your e-mail address" } else { heading }
            .to_owned(),
        heading: heading.to_owned(),
        paragraphs: vec![
            opening.to_owned(),
            "The link can be used once and expires in three days.".to_owned(),
        ],
        button: Some(Button { label: "Verify e-mail address", url: link(app_url, "verify-email", token) }),
        footnote: "If this was not you, you can ignore this e-mail: the address stays unverified.",
        ..EmailContent::default()
    }
}

/// E-mail to a user who requested a password reset.
pub(crate) fn reset(app_url: &str, token: &str) -> EmailContent {
    EmailContent {
        kind: "reset",
        subject: "Choose a new password".to_owned(),
        heading: "Choose a new password".to_owned(),
        paragraphs: vec![
            "We received a request to reset your password.".to_owned(),
            "The link can be used once and expires in one hour. \
             Choosing a new password signs you out everywhere."
                .to_owned(),
        ],
        button: Some(Button { label: "Choose a new password", url: link(app_url, "reset-password", token) }),
        footnote: "If this was not you, you can ignore this e-mail: your password stays the same.",
        ..EmailContent::default()
    }
}

/// Builds a link with the token in the fragment. Browsers do not send the fragment, so that the token appears
/// in no server log and no `Referer` header.
fn link(app_url: &str, page: &str, token: &str) -> String {
    format!("{app_url}/{page}#token={token}")
}
