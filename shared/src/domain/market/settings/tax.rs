//! Tax settings of a market.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use super::{InvalidSettings, Settings, is_too_large};
use crate::domain::values::country::{Country, Region};
use crate::domain::values::money::Currency;
use crate::domain::values::money::tax::BasisPoints;
use crate::domain::values::text::Label;
use crate::domain::values::unknown_value::UnknownValue;

/// Maximum number of tax rates of a market.
pub const MAX_RATES: usize = 250;

/// Class of a product, which selects its tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(Display, EnumString, VariantArray)]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum TaxClass {
    /// The regular rate.
    #[default]
    Standard,
    /// A reduced rate.
    Reduced,
    /// A rate of zero.
    Zero,
}

/// Tax settings. Without rates, no tax is charged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaxSettings {
    /// True if the prices of the market include the tax; false if it is added to them.
    pub prices_include_tax: bool,
    /// Tax rates by place of supply.
    pub rates: Vec<TaxRate>,
}

/// Tax rate for the products of a class that are supplied to a country or region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaxRate {
    /// Country of supply.
    pub country: Country,
    /// Region of supply; `None` for the whole country, except for regions with a rate of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Class of the products.
    pub class: TaxClass,
    /// The rate.
    pub basis_points: BasisPoints,
    /// Name of the tax, for example `VAT`.
    pub name: Label,
    /// True if shipping is taxed at this rate, too.
    pub applies_to_shipping: bool,
}

impl Settings for TaxSettings {
    const NOUN: &'static str = "tax settings of market";

    fn check(&self, _: Currency) -> Result<(), InvalidSettings> {
        let (mut classes, mut shipping) = (HashSet::new(), HashSet::new());
        for (rate, settings) in self.rates.iter().enumerate() {
            let place = (settings.country, &settings.region);
            if !classes.insert((place, settings.class)) {
                return Err(InvalidSettings::RepeatedRate { rate });
            }
            if settings.applies_to_shipping && !shipping.insert(place) {
                return Err(InvalidSettings::RepeatedShippingRate { rate });
            }
        }
        if is_too_large(&self.rates) { Err(InvalidSettings::RatesTooLarge) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(place: &str, class: TaxClass, applies_to_shipping: bool) -> TaxRate {
        let (country, region) = place.split_once('-').unwrap_or((place, ""));
        TaxRate {
            country: country.parse().unwrap(),
            region: region.parse().ok(),
            class,
            basis_points: BasisPoints::try_from(1_900).unwrap(),
            name: "VAT".parse().unwrap(),
            applies_to_shipping,
        }
    }

    fn invalid(rates: Vec<TaxRate>) -> Option<String> {
        let settings = TaxSettings { prices_include_tax: true, rates };
        settings.check("EUR".parse().unwrap()).err().map(|invalid| invalid.field())
    }

    #[test]
    fn each_place_has_one_rate_of_a_class_and_one_for_shipping() {
        use TaxClass::{Reduced, Standard};
        let valid = vec![
            rate("DE", Standard, true),
            rate("DE", Reduced, false),
            rate("US", Standard, true),
            rate("US-CA", Standard, true),
            rate("US-NY", Standard, true),
        ];
        assert_eq!(invalid(valid), None);
        let repeated =
            vec![rate("US", Standard, false), rate("US-CA", Standard, false), rate("US-CA", Standard, false)];
        assert_eq!(invalid(repeated).as_deref(), Some("rates[2]"));
        let two_for_shipping = vec![rate("DE", Standard, true), rate("DE", Reduced, true)];
        assert_eq!(invalid(two_for_shipping).as_deref(), Some("rates[1].appliesToShipping"));
    }

    #[test]
    fn size_of_the_rates_is_limited() {
        let many = |count: usize| {
            let regions = (0..count).map(|number| format!("US-{number}"));
            let name: Label = "\u{1F4A9}".repeat(50).parse().unwrap();
            regions
                .map(|place| TaxRate { name: name.clone(), ..rate(&place, TaxClass::Standard, false) })
                .collect()
        };
        assert_eq!(invalid(many(50)), None);
        assert_eq!(invalid(many(MAX_RATES)).as_deref(), Some("rates"));
    }
}
