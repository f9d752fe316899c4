//! E-mail to a person for whom an administrator created an account.

use super::link;
use crate::email::{Button, EmailContent};

/// Composes the e-mail.
pub(crate) fn content(app_url: &str, token: &str) -> EmailContent {
    EmailContent {
        kind: "invitation",
        subject: "You are invited to Agora".to_owned(),
        heading: "You are invited to Agora".to_owned(),
        paragraphs: vec![
            "An account was created for you. Please choose a password to start using it.".to_owned(),
            "The link can be used once and expires in seven days. After that, request a new one as if you \
             had forgotten your password."
                .to_owned(),
        ],
        button: Some(Button { label: "Choose a password", url: link(app_url, "accept-invitation", token) }),
        footnote: "If you did not expect this, you can ignore this e-mail: without a password, the account \
                   cannot be used.",
        ..EmailContent::default()
    }
}
