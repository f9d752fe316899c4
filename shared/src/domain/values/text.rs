//! User-provided text: bounded, normalised and free of invisible and deceptive characters.

mod characters;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Text of 1 to `MAX` characters in NFC, trimmed, with at least one visible character and without control
/// characters, line separators and invisible characters. A text of several lines may contain line feeds.
///
/// ```
/// use shared::domain::values::text::Name;
/// assert_eq!("Cafe\u{301}".parse::<Name>(), "Café".parse::<Name>());
/// assert!("Ada\u{200B}".parse::<Name>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize, const MULTILINE: bool = false>(String);

/// Name of a user or a market.
pub type Name = Text<100>;
/// Title of a product.
pub type Title = Text<200>;
/// Name of a tax or of a shipping option.
pub type Label = Text<50>;
/// Description of a market or a product.
pub type Description = Text<5000, true>;
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
    /// The text has no visible character.
    #[error("must contain a visible character")]
    Invisible,
    /// The text has too many characters, counted in NFC.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// The text contains a control character, a line separator or an invisible character.
    #[error("must not contain the control, line-separator or invisible character U+{:04X}", u32::from(*.0))]
    Forbidden(char),
}

impl<const MAX: usize, const MULTILINE: bool> Text<MAX, MULTILINE> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Normalised text for sorting and searching: NFKC, lower case. It can be many times longer than the text.
    #[must_use]
    pub fn case_folded(&self) -> String {
        self.0.nfkc().collect::<String>().to_lowercase()
    }
}

impl<const MAX: usize, const MULTILINE: bool> FromStr for Text<MAX, MULTILINE> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let text = if text.is_ascii() || is_nfc(text) { text.to_owned() } else { text.nfc().collect() };
        if text.is_empty() {
            Err(TextError::Empty)
        } else if let Some(forbidden) = characters::find_forbidden(&text, MULTILINE) {
            Err(TextError::Forbidden(forbidden))
        } else if !characters::is_visible(&text) {
            Err(TextError::Invisible)
        } else if text.chars().count() > MAX {
            Err(TextError::TooLong(MAX))
        } else {
            Ok(Self(text))
        }
    }
}

impl<const MAX: usize, const MULTILINE: bool> TryFrom<String> for Text<MAX, MULTILINE> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        text.parse()
    }
}

impl<const MAX: usize, const MULTILINE: bool> From<Text<MAX, MULTILINE>> for String {
    fn from(text: Text<MAX, MULTILINE>) -> Self {
        text.0
    }
}

impl<const MAX: usize, const MULTILINE: bool> fmt::Debug for Text<MAX, MULTILINE> {
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
    fn empty_and_invisible_texts_are_refused() {
        assert_eq!("".parse::<Name>(), Err(TextError::Empty));
        assert_eq!(" \t\u{A0}\u{3000}\n ".parse::<Name>(), Err(TextError::Empty));
        assert_eq!("\u{2800}\u{2800}".parse::<Name>(), Err(TextError::Invisible));
        assert_eq!("\u{200B}".parse::<Name>(), Err(TextError::Forbidden('\u{200B}')));
    }

    #[test]
    fn length_is_counted_in_nfc() {
        assert_eq!("é".repeat(101).parse::<Name>(), Err(TextError::TooLong(100)));
        assert!("é".repeat(100).parse::<Name>().is_ok());
        assert!("e\u{301}".repeat(100).parse::<Name>().is_ok());
        // U+0958 is excluded from composition: one character becomes two.
        assert!("\u{958}".repeat(50).parse::<Name>().is_ok());
        assert_eq!("\u{958}".repeat(51).parse::<Name>(), Err(TextError::TooLong(100)));
    }

    #[test]
    fn only_texts_of_several_lines_contain_line_feeds() {
        let text: Description = " a\nb ".parse().unwrap();
        assert_eq!(text.as_str(), "a\nb");
        for separator in ['\n', '\r', '\t', '\u{B}', '\u{C}', '\u{85}', '\u{2028}', '\u{2029}'] {
            let text = format!("a{separator}b");
            assert_eq!(text.parse::<Name>(), Err(TextError::Forbidden(separator)), "{text:?}");
            let in_description = text.parse::<Description>();
            let expected = if separator == '\n' { None } else { Some(TextError::Forbidden(separator)) };
            assert_eq!(in_description.err(), expected, "{text:?}");
        }
    }

    #[test]
    fn error_names_the_forbidden_character() {
        let error = "a\u{202E}b".parse::<Name>().unwrap_err().to_string();
        assert_eq!(error, "must not contain the control, line-separator or invisible character U+202E");
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
