//! An order as callers see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::{Order, OrderId, OrderLine, OrderStatus, Party, Shipment};
use shared::domain::payment::{Checkout, DeclineCode, PaymentId};
use shared::domain::product::ProductId;
use shared::domain::refund::{Refund, RefundStatus};
use shared::domain::user::UserId;
use shared::domain::values::actor::Actor;
use shared::domain::values::money::{Money, Quantity};
use shared::domain::values::text::{Sku, Title};
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

/// An order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Order")]
pub(crate) struct OrderBody {
    id: OrderId,
    status: OrderStatus,
    buyer_id: UserId,
    seller_id: UserId,
    market_id: MarketId,
    items: Vec<OrderItemBody>,
    total: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<PaymentId>,
    /// What the buyer pays the order with, as long as it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Checkout>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment: Option<Shipment>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
}

/// One product of an order, at the price of the moment it was placed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OrderItem")]
struct OrderItemBody {
    product_id: ProductId,
    sku: Sku,
    title: Title,
    quantity: Quantity,
    unit_price: Money,
}

/// Money that goes back to the buyer, or went.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Refund")]
struct RefundBody {
    amount: Money,
    status: RefundStatus,
    reason: String,
    /// Why the gateway refused it, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<DeclineCode>,
    at: Timestamp,
}

impl Resource for OrderBody {
    fn location(&self) -> String {
        format!("/v1/orders/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl OrderBody {
    /// The order as `party` sees it: with what it is paid with is the buyer's business alone.
    pub(crate) fn for_party(party: Option<Party>, order: Order) -> Self {
        let payment = match order.fulfilment {
            Fulfilment::AwaitingPayment { checkout, .. } => checkout.filter(|_| party == Some(Party::Buyer)),
            _ => None,
        };
        Self {
            id: order.id,
            status: order.status,
            buyer_id: order.buyer_id,
            seller_id: order.seller_id,
            market_id: order.market_id,
            items: order.lines.into_iter().map(OrderItemBody::from).collect(),
            total: order.total,
            payment_id: order.payment_id,
            payment,
            refunds: order.refunds.into_iter().map(RefundBody::from).collect(),
            shipment: order.shipment,
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }

    /// The order as its seller sees it.
    pub(crate) fn of_seller(order: Order) -> Self {
        Self::for_party(Some(Party::Seller), order)
    }

    /// The order as `actor` sees it.
    pub(crate) fn for_actor(actor: &Actor, order: Order) -> Self {
        Self::for_party(order.party(actor), order)
    }
}

impl From<Refund> for RefundBody {
    fn from(refund: Refund) -> Self {
        Self {
            amount: refund.amount,
            status: refund.status,
            reason: refund.reason,
            failure: refund.failure,
            at: refund.at,
        }
    }
}

impl From<OrderLine> for OrderItemBody {
    fn from(line: OrderLine) -> Self {
        Self {
            product_id: line.product_id,
            sku: line.sku,
            title: line.title,
            quantity: line.quantity,
            unit_price: line.unit_price,
        }
    }
}
