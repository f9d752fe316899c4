//! Refund of an order in API responses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::settings::shipping::ShippingOptionId;
use shared::domain::order::lines::{LineAmounts, OrderLine, OrderLines};
use shared::domain::order::payment::DeclineCode;
use shared::domain::order::payment::refund::lines::RefundLine;
use shared::domain::order::payment::refund::{Refund, RefundStatus};
use shared::domain::product::ProductId;
use shared::domain::values::money::Money;
use shared::kit::system::clock::Timestamp;

/// Refund of an order, in full or in part.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Refund")]
pub(super) struct RefundBody {
    /// Refunded amount.
    amount: Money,
    /// Status of the refund.
    status: RefundStatus,
    /// Reason for the refund.
    reason: String,
    /// Refunded parts of the lines, which add up to the amount. Absent if the status is `failed` or `cancelled`,
    /// and if the refunded payment was not one of exactly the total of the order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    lines: Vec<RefundLineBody>,
    /// Reason code with which the payment gateway refused the refund, or with which it failed later; present
    /// only if the status is `failed` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<DeclineCode>,
    /// Time at which the refund was decided.
    at: Timestamp,
}

/// Refunded part of a line. `net` and `tax` add up to `gross`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[schemars(rename = "RefundLine")]
enum RefundLineBody {
    /// Part of an item.
    Item {
        /// Id of the product.
        product_id: ProductId,
        /// Number of refunded units; absent if an amount was refunded.
        #[serde(skip_serializing_if = "Option::is_none")]
        quantity: Option<u32>,
        /// Number of units that returned to the stock; absent if none did.
        #[serde(skip_serializing_if = "Option::is_none")]
        restocked: Option<u32>,
        #[serde(flatten)]
        amounts: RefundedAmounts,
    },
    /// Part of the shipping.
    Shipping {
        /// Id of the shipping option.
        option_id: ShippingOptionId,
        #[serde(flatten)]
        amounts: RefundedAmounts,
    },
}

/// Refunded amounts of a line.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RefundedAmounts {
    /// Refunded amount without the tax.
    net: Money,
    /// Refunded tax.
    tax: Money,
    /// Refunded amount with the tax.
    gross: Money,
}

impl RefundBody {
    /// Representation of a refund of an order with these lines.
    pub(super) fn new(refund: Refund, lines: &OrderLines) -> Self {
        let parts = refund.lines.iter().filter(|_| !refund.status.is_unmade());
        let lines = parts.filter_map(|part| {
            let (line, _) = lines.iter().nth(part.line)?;
            Some(RefundLineBody::new(line, *part))
        });
        Self {
            amount: refund.amount,
            status: refund.status,
            reason: refund.reason,
            lines: lines.collect(),
            failure: refund.failure,
            at: refund.at,
        }
    }
}

impl RefundLineBody {
    fn new(line: &OrderLine, part: RefundLine) -> Self {
        let LineAmounts { net, tax, gross } = part.amounts;
        let amounts = RefundedAmounts { net, tax, gross };
        let units = |units: u32| (units > 0).then_some(units);
        match line {
            OrderLine::Item(item) => Self::Item {
                product_id: item.product_id,
                quantity: units(part.units),
                restocked: units(part.restocked),
                amounts,
            },
            OrderLine::Shipping(line) => Self::Shipping { option_id: line.option_id.clone(), amounts },
        }
    }
}
