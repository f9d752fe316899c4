//! Shipping settings of a market: zones of countries with shipping options.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidSettings, Settings, is_too_large};
use crate::domain::values::country::Country;
use crate::domain::values::money::{Currency, Money};
use crate::domain::values::text::Label;

/// Maximum number of zones of a market.
pub const MAX_ZONES: usize = 50;

/// Maximum number of shipping options of a zone.
pub const MAX_OPTIONS: usize = 10;

/// Shipping settings. A market without zones sells without shipping.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingSettings {
    /// Zones. A country is in one zone only.
    pub zones: Vec<ShippingZone>,
}

/// Countries with the same shipping options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingZone {
    /// Countries of the zone.
    pub countries: ZoneCountries,
    /// Shipping options; without any, the market does not deliver to these countries.
    pub options: Vec<ShippingOption>,
}

/// Countries of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredCountries", into = "StoredCountries")]
pub enum ZoneCountries {
    /// All countries that are in no other zone; written `*`.
    All,
    /// These countries.
    Some(Vec<Country>),
}

/// Way of shipping an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingOption {
    /// Id, which the seller chooses.
    pub id: ShippingOptionId,
    /// Name shown to buyers.
    pub name: Label,
    /// Price for an order.
    pub amount: Money,
    /// Sum of the items, with tax, from which shipping is free; `None` if it is never free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<Money>,
}

/// Stored form of [`ZoneCountries`].
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredCountries {
    All(Asterisk),
    Some(Vec<Country>),
}

#[derive(Serialize, Deserialize)]
enum Asterisk {
    #[serde(rename = "*")]
    Asterisk,
}

impl From<StoredCountries> for ZoneCountries {
    fn from(stored: StoredCountries) -> Self {
        match stored {
            StoredCountries::All(Asterisk::Asterisk) => Self::All,
            StoredCountries::Some(countries) => Self::Some(countries),
        }
    }
}

impl From<ZoneCountries> for StoredCountries {
    fn from(countries: ZoneCountries) -> Self {
        match countries {
            ZoneCountries::All => Self::All(Asterisk::Asterisk),
            ZoneCountries::Some(countries) => Self::Some(countries),
        }
    }
}

impl Settings for ShippingSettings {
    const NOUN: &'static str = "shipping settings of market";

    fn check(&self, currency: Currency) -> Result<(), InvalidSettings> {
        let mut countries = HashSet::new();
        for (zone, settings) in self.zones.iter().enumerate() {
            let listed: Vec<Option<Country>> = match &settings.countries {
                ZoneCountries::All => vec![None],
                ZoneCountries::Some(listed) => listed.iter().copied().map(Some).collect(),
            };
            if !listed.into_iter().all(|country| countries.insert(country)) {
                return Err(InvalidSettings::RepeatedCountry { zone });
            }
            settings.check(zone, currency)?;
        }
        if is_too_large(&self.zones) { Err(InvalidSettings::ZonesTooLarge) } else { Ok(()) }
    }
}

impl ShippingZone {
    fn check(&self, zone: usize, currency: Currency) -> Result<(), InvalidSettings> {
        let mut ids = HashSet::new();
        for (option, settings) in self.options.iter().enumerate() {
            if !ids.insert(&settings.id) {
                return Err(InvalidSettings::RepeatedOption { zone, option });
            }
            if settings.amount.currency() != currency {
                return Err(InvalidSettings::AmountCurrency { zone, option });
            }
            if settings.free_from.is_some_and(|free_from| free_from.currency() != currency) {
                return Err(InvalidSettings::FreeFromCurrency { zone, option });
            }
        }
        Ok(())
    }
}

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
    fn countries_are_stored_as_asterisk_or_codes() {
        let some = ZoneCountries::Some(vec!["DE".parse().unwrap(), "AT".parse().unwrap()]);
        for (countries, stored) in [(ZoneCountries::All, "\"*\""), (some, "[\"DE\",\"AT\"]")] {
            assert_eq!(serde_json::to_string(&countries).unwrap(), stored);
            assert_eq!(serde_json::from_str::<ZoneCountries>(stored).unwrap(), countries);
        }
        assert!(serde_json::from_str::<ZoneCountries>("\"DE\"").is_err());
    }

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
