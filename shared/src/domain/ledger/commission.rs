//! Commission of the marketplace on the orders of a market.

use serde::{Deserialize, Serialize};

use crate::domain::order::lines::{OrderLine, OrderLines};
use crate::domain::values::money::Money;
use crate::domain::values::money::tax::BasisPoints;

/// Terms of the commission on an order, frozen when it is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionTerms {
    /// Rate of the commission on the net amount of each item. Shipping and taxes are free of it.
    #[serde(rename = "rate")]
    pub rate_basis_points: BasisPoints,
    /// True if the marketplace keeps the commission on items that are refunded.
    #[serde(default, rename = "kept", skip_serializing_if = "std::ops::Not::not")]
    pub kept_on_refund: bool,
}

impl CommissionTerms {
    /// No commission.
    pub const NONE: Self = Self { rate_basis_points: BasisPoints::ZERO, kept_on_refund: false };

    /// The same terms with another rate, if there is one.
    #[must_use]
    pub fn at_rate(self, rate: Option<BasisPoints>) -> Self {
        Self { rate_basis_points: rate.unwrap_or(self.rate_basis_points), ..self }
    }

    /// Commission on each line, rounded half away from zero to the minor unit.
    pub fn of_lines(self, lines: &OrderLines) -> impl Iterator<Item = Money> {
        lines.iter().map(move |(line, amounts)| match line {
            OrderLine::Item(_) => amounts.net.at_rate(self.rate_basis_points),
            OrderLine::Shipping(_) => Money::zero(amounts.net.currency()),
        })
    }

    /// Commission on all lines.
    #[must_use]
    pub fn of(self, lines: &OrderLines) -> Money {
        let zero = Money::zero(lines.sum().net.currency());
        // At most the net amount of the order.
        self.of_lines(lines).fold(zero, |sum, line| sum.checked_add(line).unwrap_or(sum))
    }
}

/// Share of `amount` that belongs to a `part` of the `whole`, rounded half up; all of it if the part is the whole. All
/// are in minor units, and not negative.
pub(crate) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let [of, part, whole] = [amount, part.min(whole), whole].map(i128::from);
    let rounded = if whole > 0 { (2 * of * part + whole) / (2 * whole) } else { 0 };
    // At most the amount.
    i64::try_from(rounded).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::lines::{ItemLine, LineTax, ShippingLine};
    use crate::domain::tests::{euros, product};

    fn item(unit_price: i64, tax: Option<LineTax>) -> OrderLine {
        let (product_id, sku, title) = (product().id, product().sku, product().title);
        let (quantity, unit_price) = (3.try_into().unwrap(), euros(unit_price));
        OrderLine::Item(ItemLine { product_id, sku, title, quantity, unit_price, tax })
    }

    fn terms(rate: i64) -> CommissionTerms {
        CommissionTerms { rate_basis_points: rate.try_into().unwrap(), kept_on_refund: false }
    }

    #[test]
    fn commission_is_taken_on_the_net_amounts_of_items() {
        let tax = LineTax {
            rate_basis_points: 1_900.try_into().unwrap(),
            amount: euros(57),
            name: "VAT".parse().unwrap(),
            included: false,
        };
        let (option_id, name) = ("standard".parse().unwrap(), "Standard".parse().unwrap());
        let shipping = OrderLine::Shipping(ShippingLine { option_id, name, amount: euros(490), tax: None });
        // 12.5 % of 3.00 EUR are 0.375 EUR; of 0.03 EUR 0.00375 EUR.
        let lines = vec![item(100, Some(tax)), item(1, None), shipping].try_into().unwrap();
        assert!(terms(1_250).of_lines(&lines).eq([euros(38), euros(0), euros(0)]));
        assert_eq!((terms(1_250).of(&lines), terms(0).of(&lines)), (euros(38), euros(0)));
        assert_eq!(terms(10_000).of(&lines), euros(303));
    }

    #[test]
    fn shares_of_growing_parts_end_with_the_whole() {
        assert_eq!([0, 1, 2, 3, 4].map(|part| share(10, part, 3)), [0, 3, 7, 10, 10]);
        assert_eq!(share(10, 1, 0), 0);
        assert_eq!(share(i64::MAX, i64::MAX, i64::MAX), i64::MAX);
    }
}
