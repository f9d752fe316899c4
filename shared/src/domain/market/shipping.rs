//! Shipping of the orders of a market.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Id of a shipping option, which the seller chooses: 1 to 50 characters of `A-Z a-z 0-9 _ -`, unique in its
/// zone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShippingOptionId(String);

/// The text is not an id of a shipping option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 50 characters of A-Z a-z 0-9 _ -")]
pub struct ShippingOptionIdError;

impl ShippingOptionId {
    /// Allowed ids, as a regular expression.
    pub const PATTERN: &str = "^[A-Za-z0-9_-]{1,50}$";

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShippingOptionId {
    type Err = ShippingOptionIdError;

    fn from_str(text: &str) -> Result<Self, ShippingOptionIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let valid = (1..=50).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(ShippingOptionIdError) }
    }
}

impl TryFrom<String> for ShippingOptionId {
    type Error = ShippingOptionIdError;

    fn try_from(text: String) -> Result<Self, ShippingOptionIdError> {
        text.parse()
    }
}

impl From<ShippingOptionId> for String {
    fn from(id: ShippingOptionId) -> Self {
        id.0
    }
}

impl fmt::Debug for ShippingOptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_id_has_1_to_50_allowed_characters() {
        for (text, valid) in [("standard", true), (&"a".repeat(50), true), ("DHL_2-x", true)] {
            assert_eq!(text.parse::<ShippingOptionId>().is_ok(), valid, "{text}");
        }
        for text in ["", "a b", "ä", "a.b", &"a".repeat(51)] {
            assert_eq!(text.parse::<ShippingOptionId>(), Err(ShippingOptionIdError), "{text}");
            assert!(serde_json::from_value::<ShippingOptionId>(text.into()).is_err(), "{text}");
        }
        let id: ShippingOptionId = "standard".parse().unwrap();
        assert_eq!(
            (serde_json::to_value(&id).unwrap(), format!("{id:?}")),
            ("standard".into(), "\"standard\"".into())
        );
    }
}
