//! E-mail addresses.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

/// E-mail address as it is stored, compared and sent: in lower case, without surrounding white space, with
/// the domain as A-labels (UTS #46).
///
/// ```
/// use shared::domain::values::email::Email;
/// assert_eq!("Ada@Example.com".parse::<Email>(), "ada@example.COM".parse::<Email>());
/// assert_eq!("jo@jörg.example".parse::<Email>(), "jo@xn--jrg-sna.example".parse::<Email>());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Reason why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// The text does not have the form of an address.
    #[error("must be an e-mail address, like ada@example.com")]
    Syntax,
    /// The local part has characters that are not ASCII. Such addresses need SMTPUTF8 (RFC 6531), which
    /// Amazon SES does not support.
    #[error("must have only ASCII characters before the @: the mail service cannot send to other addresses")]
    LocalPartNotAscii,
    /// The domain is not a valid domain name (UTS #46).
    #[error("must have a valid domain name with at least two labels after the @")]
    Domain,
    /// The address exceeds a length limit of RFC 5321.
    #[error(
        "must be at most {MAX_LENGTH} characters long, with at most {MAX_LOCAL_PART} before the @; the \
         domain counts in its ASCII form (xn--)"
    )]
    TooLong,
}

/// Maximum length of an address: a path of 256 octets without its angle brackets (RFC 5321, section 4.5.3.1.3).
pub const MAX_LENGTH: usize = 254;
/// Maximum length of a local part (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

impl Email {
    /// The address in its stored form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as it is displayed, with the domain in Unicode.
    #[must_use]
    pub fn to_unicode(&self) -> Cow<'_, str> {
        let Some((local, domain)) = self.0.rsplit_once('@') else { return Cow::Borrowed(&self.0) };
        match Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast) {
            (Cow::Owned(unicode), Ok(())) => Cow::Owned(format!("{local}@{unicode}")),
            _ => Cow::Borrowed(&self.0),
        }
    }

    /// The address without a tag after `+` in its local part. Most mail services deliver the e-mails of all tags
    /// to one mailbox, so limits count them together.
    #[must_use]
    pub fn mailbox(&self) -> Cow<'_, str> {
        match self.0.rsplit_once('@').and_then(|(local, domain)| Some((local.split_once('+')?.0, domain))) {
            Some((name, domain)) if !name.is_empty() => Cow::Owned(format!("{name}@{domain}")),
            _ => Cow::Borrowed(&self.0),
        }
    }

    /// Common prefix of the stored forms of all addresses that start with `text`, in stored form or in
    /// Unicode. `text` is in lower case. `None` if no address can start with it.
    #[must_use]
    pub fn stored_prefix(text: &str) -> Option<&str> {
        let ascii = text.find(|c: char| !c.is_ascii()).map_or(text, |at| &text[..at]);
        let prefix = match ascii.find('@') {
            // If the rest of the last label is not ASCII, its stored form starts with `xn--`.
            Some(at) => &ascii[..=ascii.rfind('.').filter(|dot| *dot > at).unwrap_or(at)],
            None if ascii.len() == text.len() => text,
            None => return None,
        };
        (prefix.len() <= MAX_LENGTH).then_some(prefix)
    }
}

impl FromStr for Email {
    type Err = EmailError;

    /// Checks the length limits of RFC 5321. The local part has the characters that the HTML standard allows in
    /// e-mail fields. The domain is processed with UTS #46 (nontransitional, with STD3 rules).
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(EmailError::Syntax)?;
        if !local.is_ascii() {
            return Err(EmailError::LocalPartNotAscii);
        }
        if !is_dot_atom(local) {
            return Err(EmailError::Syntax);
        }
        let domain = Uts46::new()
            .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
            .ok()
            .filter(|domain| domain.contains('.'))
            .ok_or(EmailError::Domain)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if local.len() > MAX_LOCAL_PART || address.len() > MAX_LENGTH {
            return Err(EmailError::TooLong);
        }
        Ok(Self(address))
    }
}

/// Returns true if the local part consists of words that are separated by single dots (`dot-atom`, RFC 5322,
/// section 3.2.3).
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    local.split('.').all(|word| !word.is_empty() && word.chars().all(is_atext))
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// Hides the address, which is personal data and must not be logged.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// E-mail address of a response or an exported file: serialised with the domain in Unicode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Email", into = "String")]
pub struct UnicodeEmail(Email);

impl From<Email> for UnicodeEmail {
    fn from(email: Email) -> Self {
        Self(email)
    }
}

impl From<UnicodeEmail> for String {
    fn from(UnicodeEmail(email): UnicodeEmail) -> Self {
        email.to_unicode().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> EmailError {
        text.parse::<Email>().unwrap_err()
    }

    #[test]
    fn invalid_addresses_are_refused() {
        for text in ["", "a", "@b.c", "a b@c.de", ".a@b.de", "a.@b.de", "a..b@c.de", "a\u{200B}", "a＠b.de"]
        {
            assert_eq!(error(text), EmailError::Syntax, "{text:?}");
        }
    }

    #[test]
    fn domains_that_uts_46_refuses_are_refused() {
        for text in [
            "a@",
            "a@b",
            "a@b..de",
            "a@b.de.",
            "a@-b.de",
            "a@b-.de",
            "a@b_c.de",
            "a@b c.de",
            "a@b＠c.de",
            "a@b.de\r\nX: y",
            "a@a\u{202E}b.de",
            "a@xn--a.de",
            "a@xn--jrg-sna\u{FF0E}",
        ] {
            assert_eq!(error(text), EmailError::Domain, "{text:?}");
        }
    }

    #[test]
    fn non_ascii_local_part_is_refused_with_its_rule() {
        for text in
            ["jörg@example.com", "ａda@example.com", "\u{212A}ate@example.com", "ada\u{200B}@example.com"]
        {
            assert_eq!(error(text), EmailError::LocalPartNotAscii, "{text:?}");
        }
    }

    #[test]
    fn lengths_of_rfc_5321_are_limits_of_the_stored_form() {
        let error = |local, label, last| {
            let (local, label, last) = ("a".repeat(local), "b".repeat(label), "c".repeat(last));
            format!("{local}@{label}.{label}.{last}").parse::<Email>().err()
        };
        assert_eq!(error(64, 63, 61), None, "254 octets in total");
        assert_eq!(error(64, 63, 62), Some(EmailError::TooLong), "255 octets in total");
        assert_eq!(error(64, 60, 63), None);
        assert_eq!(error(65, 60, 63), Some(EmailError::TooLong));
        assert_eq!(error(64, 60, 64), Some(EmailError::Domain), "a label of 64 octets");
        // A label of 45 "ä" has 90 bytes in UTF-8 and 51 octets as an A-label.
        let unicode = |local, labels| {
            let (local, domain) = ("a".repeat(local), vec!["ä".repeat(45); labels].join("."));
            let address = format!("{local}@{domain}.example");
            (address.chars().count(), address.parse::<Email>().err())
        };
        assert_eq!(unicode(64, 3), (210, None));
        assert_eq!(unicode(60, 4), (252, Some(EmailError::TooLong)));
    }

    #[test]
    fn all_allowed_characters_are_accepted() {
        for text in ["!#$%&'*+/=?^_`{|}~-@a-b.de", "a.b@1.x", "a@r4---sn.example"] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn unicode_domain_and_its_a_labels_are_one_address() {
        let expected: Email = "jo@xn--jrg-sna.example".parse().unwrap();
        for text in [
            "jo@jörg.example",
            "JO@JÖRG.EXAMPLE",
            "jo@jo\u{308}rg.example",
            "jo@ｊörg。example",
            "jo@XN--JRG-SNA.example",
        ] {
            let email: Email = text.parse().unwrap();
            assert_eq!(email, expected, "{text:?}");
            assert_eq!(
                (email.as_str(), email.to_unicode().as_ref()),
                ("jo@xn--jrg-sna.example", "jo@jörg.example")
            );
        }
        assert_ne!("a@straße.example".parse::<Email>(), "a@strasse.example".parse::<Email>());
    }

    #[test]
    fn address_is_serialised_but_not_logged() {
        let email: Email = "Ada@Jörg.example".parse().unwrap();
        assert_eq!(serde_json::to_value(&email).unwrap(), "ada@xn--jrg-sna.example");
        assert_eq!(serde_json::from_value::<Email>("Ada@jörg.example".into()).unwrap(), email);
        assert!(serde_json::from_value::<Email>("ada".into()).is_err());
        assert_eq!(format!("{email:?}"), "Email(…)");
        let shown = UnicodeEmail::from(email);
        assert_eq!(serde_json::to_value(&shown).unwrap(), "ada@jörg.example");
        assert_eq!(serde_json::from_value::<UnicodeEmail>("ada@jörg.example".into()).unwrap(), shown);
        assert_eq!(format!("{shown:?}"), "UnicodeEmail(Email(…))");
    }

    #[test]
    fn tagged_addresses_have_one_mailbox() {
        let mailbox = |text: &str| text.parse::<Email>().unwrap().mailbox().into_owned();
        for text in ["ada@example.com", "Ada+shop@example.com", "ada+a+b@example.com", "ada+@example.com"] {
            assert_eq!(mailbox(text), "ada@example.com", "{text}");
        }
        assert_eq!(mailbox("+ada@example.com"), "+ada@example.com");
    }

    #[test]
    fn spelling_variants_are_one_address() {
        let expected: Email = "ada.lovelace+shop@example.com".parse().unwrap();
        for text in [
            "Ada.Lovelace+shop@Example.COM",
            "  ada.lovelace+shop@example.com ",
            "ada.lovelace+shop@ｅxample.com",
        ] {
            assert_eq!(text.parse::<Email>().unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn prefix_ends_before_the_first_label_that_may_differ() {
        for (text, prefix) in [
            ("ada", Some("ada")),
            ("ada@exam", Some("ada@")),
            ("ada@example.com", Some("ada@example.")),
            ("ada.b@shop", Some("ada.b@")),
            ("ada@jörg.example", Some("ada@")),
            ("ada.b@shop.jö", Some("ada.b@shop.")),
            ("jörg", None),
            ("jörg@example", None),
        ] {
            assert_eq!(Email::stored_prefix(text), prefix, "{text}");
        }
        assert_eq!(Email::stored_prefix(&"a".repeat(255)), None);
    }
}
