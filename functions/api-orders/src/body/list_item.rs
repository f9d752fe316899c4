//! Representation of an order in lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::order::payment::{Checkout, PaymentId};
use shared::domain::order::{OrderId, OrderStatus, OrderSummary, Shipment};
use shared::domain::user::UserId;
use shared::domain::values::money::Money;
use shared::kit::command::Version;
use shared::kit::system::clock::Timestamp;

use super::lines::LineBody;
use super::{OrderBody, RefundBody};

/// Order in a list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "OrderListItem",
    extend("examples" = [{
        "id": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "status": "shipped",
        "buyerId": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "sellerId": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT",
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "units": 2,
        "total": { "amount": 4488, "currency": "EUR" },
        "createdAt": "2027-01-15T08:00:00.000Z",
    }]),
)]
pub(crate) struct OrderListItem {
    /// Id of the order.
    id: OrderId,
    /// Status of the order. `pending` and `awaiting_payment` change without further requests.
    status: OrderStatus,
    /// Id of the buyer.
    buyer_id: UserId,
    /// Id of the seller.
    seller_id: UserId,
    /// Id of the market of all products in the order.
    market_id: MarketId,
    /// Number of units of all products.
    units: u32,
    /// Total to pay.
    total: Money,
    /// Time of placement.
    created_at: Timestamp,
    /// Ordered products and shipping; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<LineBody>>,
    /// Sum of the taxes of the lines; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<Money>,
    /// Id of the payment; present only if `fields` names it and a payment is captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<PaymentId>,
    /// Checkout at which the buyer pays or authenticates a payment; present only if `fields` names it, for the
    /// buyer, while the order awaits this payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Checkout>,
    /// Refunds of the order, oldest first; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunds: Option<Vec<RefundBody>>,
    /// Shipment; present only if `fields` names it and the order is marked as shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment: Option<Shipment>,
    /// Time of the last change; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// Version of the order; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
}

impl OrderListItem {
    /// Fields that are not part of the summary: returned only if the caller names them, because the orders
    /// themselves must be read.
    pub(crate) const DETAILS: [&str; 8] =
        ["lines", "tax", "paymentId", "payment", "refunds", "shipment", "updatedAt", "version"];

    /// Combines a summary with the order, if it was read.
    pub(crate) fn new(summary: OrderSummary, details: Option<OrderBody>) -> Self {
        let item = Self::from(summary);
        let Some(order) = details else { return item };
        Self {
            lines: Some(order.lines),
            tax: Some(order.tax),
            payment_id: order.payment_id,
            payment: order.payment,
            refunds: Some(order.refunds),
            shipment: order.shipment,
            updated_at: Some(order.updated_at),
            version: Some(order.version),
            ..item
        }
    }
}

impl From<OrderSummary> for OrderListItem {
    fn from(order: OrderSummary) -> Self {
        let OrderSummary { id, buyer_id, seller_id, market_id, status, total, units, created_at } = order;
        Self {
            id,
            status,
            buyer_id,
            seller_id,
            market_id,
            units,
            total,
            created_at,
            lines: None,
            tax: None,
            payment_id: None,
            payment: None,
            refunds: None,
            shipment: None,
            updated_at: None,
            version: None,
        }
    }
}
