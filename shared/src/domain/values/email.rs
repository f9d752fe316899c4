//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// E-mail address in its normalised form for comparison: NFKC, lower case, without surrounding white space.
///
/// ```
/// use shared::domain::values::email::Email;
/// assert_eq!("Ada@Example.com".parse::<Email>(), "ada@example.COM".parse::<Email>());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a valid e-mail address of at most 254 bytes")]
pub struct EmailError;

impl Email {
    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    /// Checks the maximum lengths of RFC 5321 (254 in total, 64 before the `@`) and the characters that the
    /// HTML standard allows in e-mail fields, plus characters beyond ASCII.
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let normal = text.trim().nfkc().collect::<String>().to_lowercase();
        let (local, domain) = normal.rsplit_once('@').ok_or(EmailError)?;
        let local_char = |c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        let valid = normal.len() <= 254
            && (1..=64).contains(&local.len())
            && local.chars().all(local_char)
            && dots
            && domain.contains('.')
            && domain.split('.').all(label);
        if valid { Ok(Self(normal)) } else { Err(EmailError) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_addresses_are_refused() {
        for text in [
            "",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@-b.de",
            "a@b-.de",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "a@b.de\r\nX: y",
        ] {
            assert_eq!(text.parse::<Email>(), Err(EmailError), "{text:?}");
        }
    }

    #[test]
    fn lengths_are_limited() {
        let is_valid = |local, label, last| {
            let (local, label, last) = ("a".repeat(local), "b".repeat(label), "c".repeat(last));
            format!("{local}@{label}.{label}.{last}").parse::<Email>().is_ok()
        };
        assert!(is_valid(64, 63, 61), "254 bytes in total");
        assert!(!is_valid(64, 63, 62), "255 bytes in total");
        assert!(is_valid(64, 60, 63) && !is_valid(65, 60, 63) && !is_valid(64, 60, 64));
    }

    #[test]
    fn all_allowed_characters_are_accepted() {
        for text in ["!#$%&'*+/=?^_`{|}~-@a-b.de", "a.b@1.x", "ä@ö.de"] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn address_is_serialised_but_not_logged() {
        let email: Email = "Ada@Example.com".parse().unwrap();
        assert_eq!(serde_json::to_value(&email).unwrap(), "ada@example.com");
        assert_eq!(serde_json::from_value::<Email>("Ada@Example.com".into()).unwrap(), email);
        assert!(serde_json::from_value::<Email>("ada".into()).is_err());
        assert_eq!(format!("{email:?}"), "Email(…)");
    }

    #[test]
    fn spelling_variants_are_one_address() {
        let expected: Email = "ada.lovelace+shop@example.com".parse().unwrap();
        for text in [
            "Ada.Lovelace+shop@Example.COM",
            "  ada.lovelace+shop@example.com ",
            "ａda.lovelace+shop@example.com",
        ] {
            assert_eq!(text.parse::<Email>().unwrap(), expected, "{text:?}");
        }
    }
}
