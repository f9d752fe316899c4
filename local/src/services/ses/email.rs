//! E-mail as stored by the mail catcher.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Sent e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Email {
    /// Message id, as SES assigns it.
    pub id: String,
    /// Time of sending.
    pub sent_at: Timestamp,
    /// Sender address.
    pub from: String,
    /// Recipient addresses.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// HTML body.
    pub html: String,
    /// Text body.
    pub text: String,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// E-mail tags for SES's statistics.
    pub tags: BTreeMap<String, String>,
}

impl Email {
    /// Link in the text body that begins with `start`.
    #[must_use]
    pub fn link(&self, start: &str) -> Option<&str> {
        let rest = &self.text[self.text.find(start)?..];
        rest.split_whitespace().next()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn email(subject: &str) -> Email {
        Email {
            id: crate::system::aws_ids::uuid(),
            sent_at: crate::system::clock::now(),
            from: "no-reply@agora.example".to_owned(),
            to: vec!["ada@example.com".to_owned()],
            subject: subject.to_owned(),
            html: "<p>Grüße</p>".to_owned(),
            text: "Grüße: http://localhost:3000/verify-email#token=abc\n".to_owned(),
            headers: BTreeMap::from([("X-Correlation-Id".to_owned(), "c-1".to_owned())]),
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn link_is_found_by_its_prefix() {
        let email = email("x");
        let start = "http://localhost:3000/verify-email";
        assert_eq!(email.link(start), Some("http://localhost:3000/verify-email#token=abc"));
        assert_eq!(email.link("https://"), None);
    }
}
