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
    Created(OrderFacts),
    /// Its stock is reserved.
    #[serde(rename = "order.awaiting_payment")]
    AwaitingPayment(OrderFacts),
    /// It is paid.
    #[serde(rename = "order.confirmed")]
    Confirmed(OrderFacts),
    /// It is impossible.
    #[serde(rename = "order.rejected")]
    Rejected(OrderFacts),
    /// It was called off.
    #[serde(rename = "order.cancelled")]
    Cancelled(OrderFacts),
    /// It was not paid in time.
    #[serde(rename = "order.expired")]
    Expired(OrderFacts),
    /// It was sent.
    #[serde(rename = "order.shipped")]
    Shipped(OrderFacts),
    /// It arrived.
    #[serde(rename = "order.delivered")]
    Delivered(OrderFacts),
    /// Money is to go back.
    #[serde(rename = "order.refunding")]
    Refunding(OrderFacts),
    /// Money went back, and its status stays.
    #[serde(rename = "order.repaid")]
    Repaid(OrderFacts),
    /// All that was paid went back.
    #[serde(rename = "order.refunded")]
    Refunded(OrderFacts),
    /// Its fulfilment took a step that changes no status.
    #[serde(rename = "order.progressed")]
    Progressed(OrderFacts),
}

/// What an event says of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderFacts {
    /// Which.
    pub order_id: OrderId,
    /// Where.
    pub market_id: MarketId,
    /// Who buys.
    pub buyer_id: UserId,
    /// For how much.
    pub total: Money,
}

impl From<&Order> for OrderFacts {
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
    pub const fn facts(&self) -> OrderFacts {
        match self {
            Self::Created(facts)
            | Self::AwaitingPayment(facts)
            | Self::Confirmed(facts)
            | Self::Rejected(facts)
            | Self::Cancelled(facts)
            | Self::Expired(facts)
            | Self::Shipped(facts)
            | Self::Delivered(facts)
            | Self::Refunding(facts)
            | Self::Repaid(facts)
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
            Self::Refunding(_) => "order.refunding",
            Self::Repaid(_) => "order.repaid",
            Self::Refunded(_) => "order.refunded",
            Self::Progressed(_) => "order.progressed",
        }
    }
}
