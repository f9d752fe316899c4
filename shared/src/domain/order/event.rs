//! What others hear of orders.

use serde::{Deserialize, Serialize};

use super::{Order, OrderId};
use crate::domain::market::MarketId;
use crate::domain::user::UserId;
use crate::domain::values::money::Money;
use crate::kit::command::Event;

/// What others hear of orders. Those that nobody hears keep the sequence of an order's events without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OrderEvent {
    /// It was placed.
    #[serde(rename = "order.created")]
    Created(OrderEventData),
    /// Its stock is reserved.
    #[serde(rename = "order.awaiting_payment")]
    AwaitingPayment(OrderEventData),
    /// It is paid.
    #[serde(rename = "order.confirmed")]
    Confirmed(OrderEventData),
    /// It is impossible.
    #[serde(rename = "order.rejected")]
    Rejected(OrderEventData),
    /// It was called off.
    #[serde(rename = "order.cancelled")]
    Cancelled(OrderEventData),
    /// It was not paid in time.
    #[serde(rename = "order.expired")]
    Expired(OrderEventData),
    /// It was sent.
    #[serde(rename = "order.shipped")]
    Shipped(OrderEventData),
    /// It arrived.
    #[serde(rename = "order.delivered")]
    Delivered(OrderEventData),
    /// Money is to go back.
    #[serde(rename = "order.refund_started")]
    RefundStarted(OrderEventData),
    /// Money went back, and its status stays.
    #[serde(rename = "order.partially_refunded")]
    PartiallyRefunded(OrderEventData),
    /// All that was paid went back.
    #[serde(rename = "order.refunded")]
    Refunded(OrderEventData),
    /// Its fulfilment took a step that changes no status.
    #[serde(rename = "order.fulfilment_progressed")]
    Progressed(OrderEventData),
}

/// What an event says of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEventData {
    /// Which.
    pub order_id: OrderId,
    /// Where.
    pub market_id: MarketId,
    /// Who buys.
    pub buyer_id: UserId,
    /// For how much.
    pub total: Money,
}

impl From<&Order> for OrderEventData {
    fn from(order: &Order) -> Self {
        Self { order_id: order.id, market_id: order.market_id, buyer_id: order.buyer_id, total: order.total }
    }
}

impl OrderEvent {
    /// The order that it is about.
    #[must_use]
    pub const fn order_id(&self) -> OrderId {
        self.facts().order_id
    }

    /// What it says of its order.
    #[must_use]
    pub const fn facts(&self) -> OrderEventData {
        match self {
            Self::Created(facts)
            | Self::AwaitingPayment(facts)
            | Self::Confirmed(facts)
            | Self::Rejected(facts)
            | Self::Cancelled(facts)
            | Self::Expired(facts)
            | Self::Shipped(facts)
            | Self::Delivered(facts)
            | Self::RefundStarted(facts)
            | Self::PartiallyRefunded(facts)
            | Self::Refunded(facts)
            | Self::Progressed(facts) => *facts,
        }
    }
}

impl Event for OrderEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "order.created",
            Self::AwaitingPayment(_) => "order.awaiting_payment",
            Self::Confirmed(_) => "order.confirmed",
            Self::Rejected(_) => "order.rejected",
            Self::Cancelled(_) => "order.cancelled",
            Self::Expired(_) => "order.expired",
            Self::Shipped(_) => "order.shipped",
            Self::Delivered(_) => "order.delivered",
            Self::RefundStarted(_) => "order.refund_started",
            Self::PartiallyRefunded(_) => "order.partially_refunded",
            Self::Refunded(_) => "order.refunded",
            Self::Progressed(_) => "order.fulfilment_progressed",
        }
    }
}
