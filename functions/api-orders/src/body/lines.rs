//! Lines of an order in API responses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::settings::shipping::ShippingOptionId;
use shared::domain::order::lines::{ItemLine, LineAmounts, LineTax, OrderLine, OrderLines, ShippingLine};
use shared::domain::product::ProductId;
use shared::domain::values::money::{Money, Quantity};
use shared::domain::values::text::{Label, Sku, Title};

/// Line of an order, with the data at the time of placement. `net` and `tax.amount` add up to `gross`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[schemars(rename = "OrderLine")]
pub(crate) enum LineBody {
    /// Units of a product.
    Item {
        /// Id of the product.
        product_id: ProductId,
        /// SKU of the product at the time of placement.
        sku: Sku,
        /// Title of the product at the time of placement.
        title: Title,
        /// Number of units ordered.
        quantity: Quantity,
        /// Price per unit at the time of placement. It contains the tax if `tax.included` is true.
        unit_price: Money,
        #[serde(flatten)]
        amounts: AmountsBody,
    },
    /// Shipping of the order.
    Shipping {
        /// Id of the shipping option in its market.
        option_id: ShippingOptionId,
        /// Name of the shipping option at the time of placement.
        name: Label,
        /// Price at the time of placement. It contains the tax if `tax.included` is true.
        amount: Money,
        #[serde(flatten)]
        amounts: AmountsBody,
    },
}

/// Amounts of a line.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AmountsBody {
    /// Amount of the line without its tax.
    net: Money,
    /// Tax of the line; absent if no tax rate applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<LineTax>,
    /// Amount of the line with its tax.
    gross: Money,
}

impl AmountsBody {
    fn new(amounts: LineAmounts, tax: Option<LineTax>) -> Self {
        Self { net: amounts.net, tax, gross: amounts.gross }
    }
}

impl LineBody {
    /// Representation of all lines.
    pub(crate) fn of_all(lines: &OrderLines) -> Vec<Self> {
        lines.iter().map(|(line, amounts)| Self::new(line.clone(), amounts)).collect()
    }

    fn new(line: OrderLine, amounts: LineAmounts) -> Self {
        match line {
            OrderLine::Item(ItemLine { product_id, sku, title, quantity, unit_price, tax }) => {
                let amounts = AmountsBody::new(amounts, tax);
                Self::Item { product_id, sku, title, quantity, unit_price, amounts }
            }
            OrderLine::Shipping(ShippingLine { option_id, name, amount, tax }) => {
                let amounts = AmountsBody::new(amounts, tax);
                Self::Shipping { option_id, name, amount, amounts }
            }
        }
    }
}
