//! User-provided text: bounded, normalised and free of deceptive characters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Text of 1 to `MAX` characters, in NFC, trimmed, without control and bidirectional-override characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// Name of a user or a market.
pub type Name = Text<100>;
/// Title of a product.
pub type Title = Text<200>;
/// Description of a market or a product.
pub type Description = Text<5000>;
/// Name of the carrier of a shipment.
pub type Carrier = Text<100>;
/// Tracking number of a shipment.
pub type TrackingNumber = Text<100>;
/// Reason given for an action.
pub type Reason = Text<500>;

/// Reason why a text is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is empty or consists only of white space.
    #[error("must not be empty")]
    Empty,
    /// The text has too many characters.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// The text contains a control character or a bidirectional control.
    #[error("must not contain control or bidirectional-override characters")]
    Forbidden,
}

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Normalised text for sorting and searching: NFKC, lower case.
    #[must_use]
    pub fn case_folded(&self) -> String {
        self.0.nfkc().collect::<String>().to_lowercase()
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            Err(TextError::Empty)
        } else if text.chars().any(is_forbidden) {
            Err(TextError::Forbidden)
        } else if text.chars().count() > MAX {
            Err(TextError::TooLong(MAX))
        } else {
            Ok(Self(text))
        }
    }
}

/// Returns true for control characters other than line feed and tab, and for the bidirectional controls of
/// Unicode's UAX #9, which can make text appear as something else ("Trojan Source", CVE-2021-42574).
fn is_forbidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(
            c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        text.parse()
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Stock-keeping unit: 1 to 64 characters of `A-Z a-z 0-9 . _ -`, unique in its market.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(String);

/// The text is not a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 characters of A-Z a-z 0-9 . _ -")]
pub struct SkuError;

impl Sku {
    /// The SKU as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = SkuError;

    fn from_str(text: &str) -> Result<Self, SkuError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(SkuError) }
    }
}

impl TryFrom<String> for Sku {
    type Error = SkuError;

    fn try_from(text: String) -> Result<Self, SkuError> {
        text.parse()
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceiving_and_empty_text_is_refused() {
        assert_eq!(" \t ".parse::<Name>(), Err(TextError::Empty));
        assert_eq!("a\u{202E}b".parse::<Name>(), Err(TextError::Forbidden));
        assert_eq!("a\0b".parse::<Name>(), Err(TextError::Forbidden));
        assert_eq!("a\r\nb".parse::<Name>(), Err(TextError::Forbidden));
        assert_eq!("é".repeat(101).parse::<Name>(), Err(TextError::TooLong(100)));
        assert!("é".repeat(100).parse::<Name>().is_ok());
    }

    #[test]
    fn line_feeds_and_tabs_are_allowed_within_a_text() {
        let text: Name = " a\n\tb ".parse().unwrap();
        assert_eq!(text.as_str(), "a\n\tb");
    }

    #[test]
    fn text_is_serialised_and_logged_as_it_is() {
        let text: Name = "Ada É".parse().unwrap();
        assert_eq!(serde_json::to_value(&text).unwrap(), "Ada É");
        assert_eq!(serde_json::from_value::<Name>("Ada É".into()).unwrap(), text);
        assert!(serde_json::from_value::<Name>("".into()).is_err());
        assert_eq!(format!("{text:?}"), "\"Ada É\"");
        assert_eq!(text.case_folded(), "ada é");
        assert_eq!("ＡDA".parse::<Name>().unwrap().case_folded(), "ada");
    }

    #[test]
    fn sku_has_1_to_64_allowed_characters() {
        let longest = "Az09._-x".repeat(8);
        let sku: Sku = longest.parse().unwrap();
        assert_eq!(sku.as_str(), longest);
        assert_eq!(serde_json::to_value(&sku).unwrap(), longest.as_str());
        assert_eq!(serde_json::from_value::<Sku>(longest.as_str().into()).unwrap(), sku);
        for text in ["", "a b", "ä", "a/b", &format!("{longest}x")] {
            assert_eq!(text.parse::<Sku>(), Err(SkuError), "{text}");
            assert!(serde_json::from_value::<Sku>(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn composed_and_decomposed_characters_are_equal() {
        assert_eq!("Cafe\u{301}".parse::<Name>(), "Caf\u{e9}".parse::<Name>());
    }
}
