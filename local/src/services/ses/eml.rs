//! `.eml` files for mail programs: RFC 5322, with text and HTML as alternatives (RFC 2046, section 5.1.4).

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;

use super::Email;

/// Boundary of the parts. It contains an underscore, which base64 does not.
const BOUNDARY: &str = "_agora_";
/// Bytes per encoded word, which has at most 75 characters (RFC 2047, section 2).
const WORD_BYTES: usize = 42;
/// Bytes per line of base64, which has at most 76 characters (RFC 2045, section 6.8).
const LINE_BYTES: usize = 57;

impl Email {
    /// The e-mail as text of an `.eml` file.
    #[must_use]
    pub fn to_eml(&self) -> String {
        let date = self.sent_at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let mut eml = String::new();
        let mut header = |name: &str, value: &str| {
            // Prevents header injection.
            let value = value.replace(['\r', '\n'], " ");
            // Writing to a string cannot fail.
            let _ = write!(eml, "{name}: {value}\r\n");
        };
        header("From", &self.from);
        header("To", &self.to.join(", "));
        header("Date", &date);
        header("Message-ID", &format!("<{}@local>", self.id));
        self.headers.iter().for_each(|(name, value)| header(name, value));
        header("MIME-Version", "1.0");
        header("Content-Type", &format!("multipart/alternative; boundary=\"{BOUNDARY}\""));
        let _ = write!(eml, "Subject: {}\r\n", encode_header(&self.subject));
        for (kind, body) in [("plain", &self.text), ("html", &self.html)] {
            let _ = write!(
                eml,
                "\r\n--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\
                 Content-Transfer-Encoding: base64\r\n"
            );
            for line in body.as_bytes().chunks(LINE_BYTES) {
                let _ = write!(eml, "\r\n{}", STANDARD.encode(line));
            }
        }
        let _ = write!(eml, "\r\n--{BOUNDARY}--\r\n");
        eml
    }
}

/// Encodes the text of a header as encoded words if it contains characters that are not printable ASCII.
fn encode_header(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for character in text.chars() {
        if words.last().is_some_and(|word| word.len() + character.len_utf8() > WORD_BYTES) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let words = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::super::email::tests::email;

    #[test]
    fn eml_has_headers_text_and_html() {
        let eml = email("Grüße").to_eml();
        assert!(eml.contains("\r\nTo: ada@example.com\r\n"), "{eml}");
        assert!(eml.contains("\r\nX-Correlation-Id: c-1\r\n"), "{eml}");
        assert!(eml.contains("Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"), "{eml}");
        assert!(eml.contains("text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+R3LDvMOfZTwvcD4=\r\n"), "{eml}");
        assert!(eml.ends_with("--_agora_--\r\n"), "{eml}");
    }

    #[test]
    fn long_subject_is_split_between_characters() {
        let eml = email(&"ü".repeat(100)).to_eml();
        assert!(eml.lines().all(|line| line.len() <= 100), "{eml}");
        assert!(eml.matches("=?UTF-8?B?").count() >= 5);
    }

    #[test]
    fn line_breaks_in_headers_are_replaced() {
        let mut forged = email("x");
        forged.to = vec!["ada@example.com\r\nBcc: eve@example.com".to_owned()];
        assert!(!forged.to_eml().contains("\nBcc:"));
    }
}
