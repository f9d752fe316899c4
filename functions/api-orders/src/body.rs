//! An order as callers see it.

use serde::Serialize;
use shared::clock::Timestamp;
use shared::command::Version;
use shared::domain::market::MarketId;
use shared::domain::money::{Money, Quantity};
use shared::domain::order::{Order, OrderId, OrderLine, OrderStatus};
use shared::domain::payment::PaymentId;
use shared::domain::product::ProductId;
use shared::domain::text::{Sku, Title};
use shared::domain::user::UserId;
use shared::http::{EntityTag, Resource};

/// An order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
}

/// One product of an order, at the price of the moment it was placed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderItemBody {
    product_id: ProductId,
    sku: Sku,
    title: Title,
    quantity: Quantity,
    unit_price: Money,
}

impl Resource for OrderBody {
    fn location(&self) -> String {
        format!("/v1/orders/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            status: order.status,
            buyer_id: order.buyer_id,
            seller_id: order.seller_id,
            market_id: order.market_id,
            items: order.lines.into_iter().map(OrderItemBody::from).collect(),
            total: order.total,
            payment_id: order.payment_id,
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
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
