//! Lines of an order: the items and the shipping that the buyer pays for, each with its tax.
//!
//! Lines are frozen when the order is placed. The total of an order is the sum of its lines, is computed only
//! here, and is not stored.

mod amounts;
pub mod cart;
pub mod pricing;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::market::settings::shipping::ShippingOptionId;
use crate::domain::product::ProductId;
use crate::domain::values::money::tax::BasisPoints;
use crate::domain::values::money::{Money, MoneyError, Quantity};
use crate::domain::values::text::{Label, Sku, Title};
pub use amounts::LineAmounts;

/// Line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", from = "StoredLine")]
pub enum OrderLine {
    /// Units of a product.
    Item(ItemLine),
    /// Shipping of the order.
    Shipping(ShippingLine),
}

/// Units of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemLine {
    /// Id of the product.
    pub product_id: ProductId,
    /// SKU at the time of placement.
    pub sku: Sku,
    /// Title at the time of placement.
    pub title: Title,
    /// Number of units.
    pub quantity: Quantity,
    /// Price per unit at the time of placement; includes the tax if the tax is an included one.
    pub unit_price: Money,
    /// Tax of all units; `None` if no tax rate applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<LineTax>,
}

/// Shipping of an order by an option of its market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingLine {
    /// Id of the option in its market.
    pub option_id: ShippingOptionId,
    /// Name of the option at the time of placement.
    pub name: Label,
    /// Price at the time of placement; includes the tax if the tax is an included one.
    pub amount: Money,
    /// Tax of the shipping; `None` if no tax rate applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<LineTax>,
}

/// Tax of a line, computed when the order is placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineTax {
    /// Tax rate.
    pub rate_basis_points: BasisPoints,
    /// Tax of the line.
    pub amount: Money,
    /// Name of the tax, for example `VAT`.
    pub name: Label,
    /// True if the price includes the tax; false if the tax is added to it.
    pub included: bool,
}

/// Line as it is stored. The attributes determine the type, because lines of earlier versions have none.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredLine {
    Item(ItemLine),
    Shipping(ShippingLine),
}

impl From<StoredLine> for OrderLine {
    fn from(line: StoredLine) -> Self {
        match line {
            StoredLine::Item(line) => Self::Item(line),
            StoredLine::Shipping(line) => Self::Shipping(line),
        }
    }
}

/// Lines of an order with their sum: at least one, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<OrderLine>")]
pub struct OrderLines {
    lines: Vec<(OrderLine, LineAmounts)>,
    sum: LineAmounts,
}

/// Reason why lines do not form an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderLinesError {
    /// There is no line.
    #[error("an order has at least one line")]
    Empty,
    /// An amount or the sum is too large, a tax exceeds its line, or the currencies differ.
    #[error("the lines have no sum: {0}")]
    NoSum(#[from] MoneyError),
}

impl TryFrom<Vec<OrderLine>> for OrderLines {
    type Error = OrderLinesError;

    fn try_from(lines: Vec<OrderLine>) -> Result<Self, OrderLinesError> {
        let lines = lines.into_iter().map(|line| line.amounts().map(|amounts| (line, amounts)));
        let lines: Vec<(OrderLine, LineAmounts)> = lines.collect::<Result<_, _>>()?;
        let sum =
            lines.iter().map(|(_, amounts)| *amounts).map(Ok).reduce(|sum, line| sum?.checked_add(line?));
        Ok(Self { sum: sum.ok_or(OrderLinesError::Empty)??, lines })
    }
}

impl Serialize for OrderLines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.lines.iter().map(|(line, _)| line))
    }
}

impl OrderLines {
    /// Lines with their amounts, in the order of the request; shipping is the last.
    pub fn iter(&self) -> impl Iterator<Item = (&OrderLine, LineAmounts)> {
        self.lines.iter().map(|(line, amounts)| (line, *amounts))
    }

    /// Lines of products.
    pub fn items(&self) -> impl Iterator<Item = &ItemLine> {
        self.numbered_items().map(|(_, item)| item)
    }

    /// Lines of products with their positions among all lines, from 0.
    pub fn numbered_items(&self) -> impl Iterator<Item = (usize, &ItemLine)> {
        self.lines.iter().enumerate().filter_map(|(position, (line, _))| match line {
            OrderLine::Item(item) => Some((position, item)),
            OrderLine::Shipping(_) => None,
        })
    }

    /// Returns true if the order is shipped.
    #[must_use]
    pub fn has_shipping(&self) -> bool {
        self.lines.iter().any(|(line, _)| matches!(line, OrderLine::Shipping(_)))
    }

    /// Sum of the lines.
    #[must_use]
    pub const fn sum(&self) -> LineAmounts {
        self.sum
    }
}
