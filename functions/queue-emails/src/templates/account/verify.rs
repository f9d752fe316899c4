//! E-mail to a user who registered or changed their address.

use super::link;
use crate::email::{Button, EmailContent};

/// Composes the e-mail. `is_new` is true after a registration.
pub(crate) fn content(app_url: &str, token: &str, is_new: bool) -> EmailContent {
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
            "This address was entered as the new e-mail address of your account. It replaces the current one once \
             you confirm that it is yours.",
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
