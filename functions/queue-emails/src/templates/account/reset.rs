//! E-mail to a user who requested a password reset.

use super::link;
use crate::email::{Button, EmailContent};

/// Composes the e-mail.
pub(crate) fn content(app_url: &str, token: &str) -> EmailContent {
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
