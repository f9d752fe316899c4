//! The words about accounts.
//!
//! These letters go to addresses that nobody has shown to be theirs. So they say nothing that anybody typed, not even a
//! name: whoever enters somebody else's address cannot have them written anything of their own.

use std::time::Duration;

use shared::api::email_token::{PASSWORD_RESET_LIFETIME, VERIFICATION_LIFETIME};

use crate::email::{Button, EmailContent};

/// How long the link of a letter is good.
pub(crate) const fn lifetime(resets: bool) -> Duration {
    if resets { PASSWORD_RESET_LIFETIME } else { VERIFICATION_LIFETIME }
}

/// To somebody who registered, or has another address now.
pub(crate) fn verify(app_url: &str, token: &str, is_new: bool) -> EmailContent {
    let (kind, heading, opening) = if is_new {
        ("welcome", "Welcome to Agora", "Thank you for registering. Please show that this address is yours.")
    } else {
        ("verify", "Verify your new address", "Your account has a new address. Please show that it is yours.")
    };
    EmailContent {
        kind,
        subject: if is_new { "Welcome to Agora: please verify your address" } else { heading }.to_owned(),
        heading: heading.to_owned(),
        paragraphs: vec![opening.to_owned(), "The link is good for three days, and once.".to_owned()],
        button: Some(Button { label: "Verify the address", url: link(app_url, "verify-email", token) }),
        footnote: "If it was not you, do nothing: the address stays unverified.",
        ..EmailContent::default()
    }
}

/// To somebody who forgot a password.
pub(crate) fn reset(app_url: &str, token: &str) -> EmailContent {
    EmailContent {
        kind: "reset",
        subject: "Choose a new password".to_owned(),
        heading: "Choose a new password".to_owned(),
        paragraphs: vec![
            "Somebody, you most likely, asked for a new password for your account.".to_owned(),
            "The link is good for an hour, and once. It ends all sessions of the account.".to_owned(),
        ],
        button: Some(Button { label: "Choose a password", url: link(app_url, "reset-password", token) }),
        footnote: "If it was not you, do nothing: the password stays as it is.",
        ..EmailContent::default()
    }
}

/// The token stands in the fragment, which browsers keep to themselves: it is in no log of a server and in no `Referer`.
fn link(app_url: &str, page: &str, token: &str) -> String {
    format!("{app_url}/{page}#token={token}")
}
