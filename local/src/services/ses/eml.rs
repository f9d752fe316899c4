//! An e-mail as a file that mail programs open: RFC 5322, with both forms as alternatives (RFC 2046, section 5.1.4).

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;

use super::Email;

/// Separates the parts; no base64 has an underscore.
const BOUNDARY: &str = "_agora_";
/// An encoded word is at most 75 characters long (RFC 2047, section 2): so many bytes fit.
const WORD: usize = 42;
/// A line of base64 is at most 76 characters long (RFC 2045, section 6.8): so many bytes fit.
const LINE: usize = 57;

impl Email {
    /// The e-mail as the text of an `.eml` file.
    #[must_use]
    pub fn to_eml(&self) -> String {
        let date = self.sent_at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let mut eml = String::new();
        let mut header = |name: &str, value: &str| {
            // Whatever was put into a header stays in its line.
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
        let _ = write!(eml, "Subject: {}\r\n", encoded(&self.subject));
        for (kind, body) in [("plain", &self.text), ("html", &self.html)] {
            let _ = write!(
                eml,
                "\r\n--{BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\
                 Content-Transfer-Encoding: base64\r\n"
            );
            for line in body.as_bytes().chunks(LINE) {
                let _ = write!(eml, "\r\n{}", STANDARD.encode(line));
            }
        }
        let _ = write!(eml, "\r\n--{BOUNDARY}--\r\n");
        eml
    }
}

/// A header's text in encoded words, if it needs them.
fn encoded(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in text.chars() {
        if words.last().is_some_and(|word| word.len() + letter.len_utf8() > WORD) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    let words = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::super::email::tests::email;

    #[test]
    fn a_file_has_its_headers_and_both_forms() {
        let eml = email("Grüße").to_eml();
        assert!(eml.contains("\r\nTo: ada@example.com\r\n"), "{eml}");
        assert!(eml.contains("\r\nX-Correlation-Id: c-1\r\n"), "{eml}");
        assert!(eml.contains("Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"), "{eml}");
        assert!(eml.contains("text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+R3LDvMOfZTwvcD4=\r\n"), "{eml}");
        assert!(eml.ends_with("--_agora_--\r\n"), "{eml}");
    }

    #[test]
    fn long_subjects_are_cut_between_letters_and_lines_stay_short() {
        let eml = email(&"ü".repeat(100)).to_eml();
        assert!(eml.lines().all(|line| line.len() <= 100), "{eml}");
        assert!(eml.matches("=?UTF-8?B?").count() >= 5);
    }

    #[test]
    fn nothing_breaks_out_of_a_header() {
        let mut forged = email("x");
        forged.to = vec!["ada@example.com\r\nBcc: eve@example.com".to_owned()];
        assert!(!forged.to_eml().contains("\nBcc:"));
    }
}
