//! An e-mail as it was sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An e-mail as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Email {
    /// What SES would have called it.
    pub id: String,
    /// When.
    pub sent_at: Timestamp,
    /// Whose name it is sent in.
    pub from: String,
    /// Where it goes.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its form in HTML.
    pub html: String,
    /// Its form in text.
    pub text: String,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// Tags for SES's statistics.
    pub tags: BTreeMap<String, String>,
}

impl Email {
    /// What follows `start` in its text, up to the next space: a link, whose beginning is known.
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
    fn a_link_is_found_by_its_beginning() {
        let email = email("x");
        let start = "http://localhost:3000/verify-email";
        assert_eq!(email.link(start), Some("http://localhost:3000/verify-email#token=abc"));
        assert_eq!(email.link("https://"), None);
    }
}
