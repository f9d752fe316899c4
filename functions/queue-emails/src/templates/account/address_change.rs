//! E-mail to the address of an account for which another address was requested.

use crate::email::{Button, EmailContent};

/// Composes the e-mail. It does not contain the new address, which is user input.
pub(crate) fn content(app_url: &str) -> EmailContent {
    EmailContent {
        kind: "address-change",
        subject: "Your e-mail address is about to change".to_owned(),
        heading: "Your e-mail address is about to change".to_owned(),
        paragraphs: vec![
            "Another e-mail address was requested for your account. It replaces this address as soon as it \
             is verified with the link that was sent to it."
                .to_owned(),
        ],
        button: Some(Button { label: "Choose a new password", url: format!("{app_url}/forgot-password") }),
        footnote: "If this was not you, choose a new password at once: this cancels the change and signs you \
                   out everywhere.",
        ..EmailContent::default()
    }
}
