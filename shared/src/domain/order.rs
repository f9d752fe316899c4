//! Orders: what somebody buys, and how it comes about.

pub mod advance;
pub mod attempt;
pub mod cancel;
pub mod expire;
pub mod fulfilment;
pub mod place;
mod transition;

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Permission};
use super::id::{Id, Identified};
use super::market::MarketId;
use super::money::{Money, Quantity};
use super::payment::{PaymentId, PaymentMethod};
use super::product::ProductId;
use super::subscriber::subscribers;
use super::text::{Sku, Title};
use super::user::UserId;
use crate::clock::Timestamp;
use crate::command::{Event, Version};
use fulfilment::Fulfilment;
pub use transition::InvalidState;

/// The id of an [`Order`].
pub type OrderId = Id<Order>;

/// What somebody buys in one market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Counts its changes.
    pub version: Version,
    /// Who buys.
    pub buyer_id: UserId,
    /// Who sells.
    pub seller_id: UserId,
    /// Where.
    pub market_id: MarketId,
    /// What, at the prices of the moment it was placed.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// What the buyer charges it to, if that is known from the start.
    pub payment_method: Option<PaymentMethod>,
    /// What was paid for it.
    pub payment_id: Option<PaymentId>,
    /// What buyer and seller see of its progress.
    pub status: OrderStatus,
    /// Where its fulfilment stands.
    pub fulfilment: Fulfilment,
    /// Every status that it had.
    pub timeline: Vec<Transition>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Identified for Order {
    const PREFIX: &'static str = "ord";
}

/// One product of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The product.
    pub product_id: ProductId,
    /// Its SKU when the order was placed.
    pub sku: Sku,
    /// Its title when the order was placed.
    pub title: Title,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece cost when the order was placed.
    pub unit_price: Money,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; nothing is reserved yet.
    Pending,
    /// Its stock is reserved; it is to be paid.
    AwaitingPayment,
    /// Paid.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Impossible: no stock, or the card was declined.
    Rejected,
    /// Called off.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Paid back.
    Refunded,
}

impl OrderStatus {
    /// Whether nothing follows of itself: the order is not on its way to anything.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::AwaitingPayment)
    }
}

/// One entry of an order's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transition {
    /// What the order became.
    pub status: OrderStatus,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Party,
    /// Why, where there is more to say than the status says.
    pub reason: Option<String>,
}

/// A party to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// Who buys.
    Buyer,
    /// Who sells.
    Seller,
    /// Agora itself.
    System,
}

impl Order {
    /// The part that `actor` has in the order, if any.
    #[must_use]
    pub fn party(&self, actor: &Actor) -> Option<Party> {
        if self.buyer_id == actor.user {
            Some(Party::Buyer)
        } else if self.seller_id == actor.user {
            Some(Party::Seller)
        } else {
            None
        }
    }

    /// Whether `actor` may know of the order.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        self.party(actor).is_some() || actor.may(Permission::OrdersReadAny)
    }
}

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
        match self {
            Self::Created(facts)
            | Self::AwaitingPayment(facts)
            | Self::Confirmed(facts)
            | Self::Rejected(facts)
            | Self::Cancelled(facts)
            | Self::Expired(facts)
            | Self::Progressed(facts) => facts.order_id,
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
            Self::Progressed(_) => "order.progressed",
        }
    }

    fn is_heard(&self) -> bool {
        !subscribers(self.name()).is_empty()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// When the orders of these tests are placed, in milliseconds.
    pub(in crate::domain) const NOW: i64 = 1_800_000_000_000;

    /// An order of two pieces of one product, at 1,999 each, as it is right after it was placed.
    pub(in crate::domain) fn placed(method: Option<&str>) -> Order {
        let now = Timestamp::from_millis(NOW);
        let price: Money = serde_json::from_str(r#"{"amount":1999,"currency":"EUR"}"#).unwrap();
        let quantity = Quantity::try_from(2).unwrap();
        Order {
            id: "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            version: Version::FIRST,
            buyer_id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            seller_id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap(),
            market_id: "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            lines: vec![OrderLine {
                product_id: "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
                sku: "MUG-1".parse().unwrap(),
                title: "Mug".parse().unwrap(),
                quantity,
                unit_price: price,
            }],
            total: price.times(quantity).unwrap(),
            payment_method: method.map(|method| method.parse().unwrap()),
            payment_id: None,
            status: OrderStatus::Pending,
            fulfilment: Fulfilment::Accepted,
            timeline: vec![Transition {
                status: OrderStatus::Pending,
                at: now,
                by: Party::Buyer,
                reason: None,
            }],
            created_at: now,
            updated_at: now,
        }
    }
}
