//! Pricing of an order: its lines from products and the settings of their market.

use super::{ItemLine, LineTax, OrderLine, OrderLines, OrderLinesError, ShippingLine};
use crate::domain::market::settings::shipping::{
    ShippingOption, ShippingOptionId, ShippingSettings, ZoneCountries,
};
use crate::domain::market::settings::tax::{TaxRate, TaxSettings};
use crate::domain::product::Product;
use crate::domain::values::country::{Country, Place, Region};
use crate::domain::values::money::{Money, Quantity};

/// Products to price. Pricing is a pure function of these values.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a> {
    /// Products of one market, with the number of units of each.
    pub items: &'a [(Product, Quantity)],
    /// Shipping settings of the market.
    pub shipping: &'a ShippingSettings,
    /// Tax settings of the market.
    pub tax: &'a TaxSettings,
    /// Place: of the shipping address, or else of the request.
    pub destination: Option<&'a Place>,
    /// Chosen shipping option.
    pub option: Option<&'a ShippingOptionId>,
}

/// Priced order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Lines of the order. Without a chosen option, they do not contain the shipping.
    pub lines: OrderLines,
    /// True if the order is shipped.
    pub is_shipped: bool,
    /// Lines of the shipping options for the destination; empty if nothing is shipped.
    pub options: Vec<ShippingLine>,
}

/// Reason why an order cannot be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// There are no items, or their sum is too large.
    #[error(transparent)]
    Lines(#[from] OrderLinesError),
    /// The shipping or the tax depends on the destination.
    #[error("is required, because {} depends on it", if *is_shipped { "the shipping" } else { "the tax" })]
    NoDestination {
        /// True if the order is shipped.
        is_shipped: bool,
    },
    /// The market has no shipping option for the country.
    #[error("the market does not deliver these products to {}", .0.as_str())]
    NotDeliverable(Country),
    /// The chosen option is not one of the destination.
    #[error("must be the id of a shipping option for this country")]
    UnknownOption,
    /// An option was chosen, although nothing is shipped.
    #[error("must be absent, because nothing is shipped")]
    NothingShipped,
}

impl Pricing<'_> {
    /// Returns true if the order is shipped: the market ships, and a product needs it.
    #[must_use]
    pub fn is_shipped(&self) -> bool {
        !self.shipping.zones.is_empty() && self.items.iter().any(|(product, _)| product.requires_shipping)
    }

    /// Prices the order.
    ///
    /// # Errors
    /// [`PricingError`].
    pub fn quote(&self) -> Result<Quote, PricingError> {
        let is_shipped = self.is_shipped();
        if self.destination.is_none() && (is_shipped || !self.tax.rates.is_empty()) {
            return Err(PricingError::NoDestination { is_shipped });
        }
        let mut lines = self
            .items
            .iter()
            .map(|(product, units)| self.item(product, *units))
            .collect::<Result<Vec<_>, _>>()?;
        let options = match self.destination.filter(|_| is_shipped) {
            Some(destination) => {
                self.options(destination, OrderLines::try_from(lines.clone())?.sum().gross)?
            }
            None => Vec::new(),
        };
        if let Some(id) = self.option {
            if !is_shipped {
                return Err(PricingError::NothingShipped);
            }
            let chosen = options.iter().find(|option| option.option_id == *id);
            lines.push(OrderLine::Shipping(chosen.ok_or(PricingError::UnknownOption)?.clone()));
        }
        Ok(Quote { lines: lines.try_into()?, is_shipped, options })
    }

    fn item(&self, product: &Product, quantity: Quantity) -> Result<OrderLine, PricingError> {
        let price = product.price.checked_mul(quantity).map_err(OrderLinesError::from)?;
        Ok(OrderLine::Item(ItemLine {
            product_id: product.id,
            sku: product.sku.clone(),
            title: product.title.clone(),
            quantity,
            unit_price: product.price,
            tax: self.tax_of(price, |rate| rate.class == product.tax_class),
        }))
    }

    /// Lines of the options for a destination, if the gross sum of the items is `items`.
    fn options(&self, destination: &Place, items: Money) -> Result<Vec<ShippingLine>, PricingError> {
        let options = self.shipping.options_for(destination.country);
        if options.is_empty() {
            return Err(PricingError::NotDeliverable(destination.country));
        }
        let line = |option: &ShippingOption| {
            let is_free = option.free_from.is_some_and(|free_from| items.amount() >= free_from.amount());
            let amount = if is_free { Money::zero(option.amount.currency()) } else { option.amount };
            let tax = self.tax_of(amount, |rate| rate.applies_to_shipping);
            ShippingLine { option_id: option.id.clone(), name: option.name.clone(), amount, tax }
        };
        Ok(options.iter().map(line).collect())
    }

    /// Tax of a price at the matching rate of the destination: that of the region, or else that of the country.
    fn tax_of(&self, price: Money, applies: impl Fn(&TaxRate) -> bool) -> Option<LineTax> {
        let Place { country, region } = self.destination?;
        let find = |region: Option<&Region>| {
            let mut rates = self.tax.rates.iter().filter(|rate| rate.country == *country && applies(rate));
            rates.find(|rate| rate.region.as_ref() == region)
        };
        let rate = region.as_ref().and_then(|region| find(Some(region))).or_else(|| find(None))?;
        let included = self.tax.prices_include_tax;
        let amount = if included {
            price.tax_included(rate.basis_points)
        } else {
            price.tax_on_top(rate.basis_points)
        };
        Some(LineTax { rate_basis_points: rate.basis_points, amount, name: rate.name.clone(), included })
    }
}

impl ShippingSettings {
    /// Shipping options of a country: those of the zone that lists it, or else of the zone `*`.
    fn options_for(&self, country: Country) -> &[ShippingOption] {
        let listing = self.zones.iter().find(|zone| match &zone.countries {
            ZoneCountries::All => false,
            ZoneCountries::Some(countries) => countries.contains(&country),
        });
        let all = || self.zones.iter().find(|zone| zone.countries == ZoneCountries::All);
        listing.or_else(all).map_or(&[], |zone| &zone.options)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::market::settings::shipping::ShippingZone;
    use crate::domain::market::settings::tax::TaxClass;
    use crate::domain::tests::{euros, product};
    use crate::domain::values::money::tax::BasisPoints;

    fn rate(place: &str, class: TaxClass, points: i64, applies_to_shipping: bool) -> TaxRate {
        let (country, region) = place.split_once('-').unwrap_or((place, ""));
        TaxRate {
            country: country.parse().unwrap(),
            region: region.parse().ok(),
            class,
            basis_points: BasisPoints::try_from(points).unwrap(),
            name: "VAT".parse().unwrap(),
            applies_to_shipping,
        }
    }

    fn tax(prices_include_tax: bool, rates: Vec<TaxRate>) -> TaxSettings {
        TaxSettings { prices_include_tax, rates }
    }

    fn german_tax(included: bool) -> TaxSettings {
        let rates = [(TaxClass::Standard, 1_900, true), (TaxClass::Reduced, 700, false)];
        tax(included, rates.map(|(class, points, applies)| rate("DE", class, points, applies)).to_vec())
    }

    fn option(id: &str, amount: i64, free_from: Option<i64>) -> ShippingOption {
        ShippingOption {
            id: id.parse().unwrap(),
            name: "Parcel".parse().unwrap(),
            amount: euros(amount),
            free_from: free_from.map(euros),
        }
    }

    /// Germany for 4.90 EUR, free from 50 EUR; all other countries but Austria for 19.90 EUR.
    fn shipping() -> ShippingSettings {
        let zone = |codes: &[&str], options| ShippingZone {
            countries: ZoneCountries::Some(codes.iter().map(|code| code.parse().unwrap()).collect()),
            options,
        };
        let all = ShippingZone { countries: ZoneCountries::All, options: vec![option("world", 1_990, None)] };
        ShippingSettings {
            zones: vec![
                all,
                zone(&["DE"], vec![option("standard", 490, Some(5_000))]),
                zone(&["AT"], vec![]),
            ],
        }
    }

    fn to(place: &str) -> Place {
        let (country, region) = place.split_once('-').unwrap_or((place, ""));
        Place { country: country.parse().unwrap(), region: region.parse().ok() }
    }

    fn items(priced: &[(i64, i64)]) -> Vec<(Product, Quantity)> {
        let item = |(price, units): &(i64, i64)| {
            (Product { price: euros(*price), ..product() }, Quantity::try_from(*units).unwrap())
        };
        priced.iter().map(item).collect()
    }

    fn quote(
        items: &[(Product, Quantity)],
        tax: &TaxSettings,
        place: Option<&str>,
        option: Option<&str>,
    ) -> Result<Quote, PricingError> {
        let (destination, option) = (place.map(to), option.map(|id| id.parse().unwrap()));
        let shipping = &shipping();
        Pricing { items, shipping, tax, destination: destination.as_ref(), option: option.as_ref() }.quote()
    }

    /// Gross amount of a price at a rate, by rational numbers: twice the exact tax plus one half, rounded down.
    fn gross(price: i128, points: i128, included: bool) -> i128 {
        if included { price } else { price + (price * points * 2 + 10_000).div_euclid(20_000) }
    }

    proptest! {
        #[test]
        fn total_agrees_with_rational_numbers(
            priced in vec((0..=99_999_i64, 1..=100_i64, 0..3_usize, any::<bool>()), 1..20),
            included in any::<bool>(),
        ) {
            let classes = [(TaxClass::Standard, 1_900), (TaxClass::Reduced, 700), (TaxClass::Zero, 0)];
            let item = |(price, units, class, requires_shipping): &(i64, i64, usize, bool)| {
                let (tax_class, requires_shipping) = (classes[*class].0, *requires_shipping);
                let product = Product { price: euros(*price), tax_class, requires_shipping, ..product() };
                (product, Quantity::try_from(*units).unwrap())
            };
            let items: Vec<_> = priced.iter().map(item).collect();
            let amount = |(price, units, class, _): &(i64, i64, usize, bool)| {
                gross(i128::from(price * units), classes[*class].1, included)
            };
            let of_items: i128 = priced.iter().map(amount).sum();
            let is_shipped = priced.iter().any(|(.., requires_shipping)| *requires_shipping);
            let of_shipping = if is_shipped && of_items < 5_000 { gross(490, 1_900, included) } else { 0 };
            let option = is_shipped.then_some("standard");
            let quote = quote(&items, &german_tax(included), Some("DE"), option).unwrap();
            prop_assert_eq!(i128::from(quote.lines.sum().gross.amount()), of_items + of_shipping);
            prop_assert_eq!(quote.lines.iter().count(), items.len() + usize::from(is_shipped));
            prop_assert_eq!(quote.options.len(), usize::from(is_shipped));
        }
    }

    #[test]
    fn listed_country_is_shipped_to_before_all_others() {
        let price = |place| {
            let quote = quote(&items(&[(1_999, 1)]), &TaxSettings::default(), Some(place), None)?;
            assert_eq!(quote.lines.sum().gross, euros(1_999), "without a chosen option");
            Ok(quote.options[0].amount.amount())
        };
        assert_eq!((price("DE"), price("FR")), (Ok(490), Ok(1_990)));
        assert_eq!(price("AT"), Err(PricingError::NotDeliverable("AT".parse().unwrap())));
    }

    #[test]
    fn shipping_is_free_from_the_gross_sum_of_the_items() {
        let amount = |price, included| {
            let quote = quote(&items(&[(price, 1)]), &german_tax(included), Some("DE"), Some("standard"));
            quote.unwrap().options[0].amount.amount()
        };
        assert_eq!((amount(4_999, true), amount(5_000, true)), (490, 0));
        // 42.02 EUR and 19 % tax are 50.00 EUR.
        assert_eq!((amount(4_201, false), amount(4_202, false)), (490, 0));
    }

    #[test]
    fn rate_of_the_region_is_used_before_that_of_the_country() {
        use TaxClass::Standard;
        let rates = vec![rate("US", Standard, 100, false), rate("US-CA", Standard, 725, true)];
        let taxes = |place| {
            let quote = quote(&items(&[(10_000, 1)]), &tax(false, rates.clone()), Some(place), Some("world"));
            let lines = quote.unwrap().lines;
            lines.iter().map(|(_, amounts)| amounts.tax.amount()).collect::<Vec<_>>()
        };
        assert_eq!(taxes("US-CA"), [725, 144]);
        assert_eq!(taxes("US-NY"), [100, 0], "no rate applies to shipping");
        assert_eq!(taxes("US"), [100, 0]);
        assert_eq!(taxes("FR"), [0, 0], "no rate");
    }

    #[test]
    fn destination_and_option_are_required_only_if_they_matter() {
        let (none, shipped) = (TaxSettings::default(), items(&[(1_999, 1)]));
        let mut digital = shipped.clone();
        digital[0].0.requires_shipping = false;
        let missing = |is_shipped| Err(PricingError::NoDestination { is_shipped });
        assert_eq!(quote(&shipped, &none, None, None), missing(true));
        assert_eq!(quote(&digital, &german_tax(true), None, None), missing(false));
        assert_eq!(quote(&digital, &none, None, None).unwrap().options, []);
        assert_eq!(quote(&digital, &none, Some("AT"), None).unwrap().options, [], "nothing is delivered");
        assert_eq!(quote(&digital, &none, Some("DE"), Some("standard")), Err(PricingError::NothingShipped));
        assert_eq!(quote(&shipped, &none, Some("DE"), Some("world")), Err(PricingError::UnknownOption));
        let empty = quote(&[], &none, Some("DE"), None);
        assert_eq!(empty, Err(OrderLinesError::Empty.into()));
    }
}
