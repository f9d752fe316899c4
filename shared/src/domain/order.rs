//! Orders: what somebody buys, and how it comes about.

pub mod cancel;
pub mod deliver;
pub mod event;
pub mod expire;
pub mod fulfilment;
pub mod place;
pub mod refund;
pub mod require_seller;
pub mod ship;
pub mod state_machine;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::market::MarketId;
use super::payment::{PaymentId, PaymentMethod};
use super::product::ProductId;
use super::refund::Refund;
use super::user::UserId;
use crate::domain::values::actor::{Actor, Permission};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::text::{Carrier, Sku, Title, TrackingNumber};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;
pub use event::{OrderEvent, OrderEventData};
use fulfilment::Fulfilment;
pub use state_machine::status::{OrderStatus, OrderStatusError};
pub use state_machine::transition::InvalidState;

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
    /// What of that went back, or goes back.
    #[serde(default)]
    pub refunds: Vec<Refund>,
    /// How it was sent, once it was.
    pub shipment: Option<Shipment>,
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

/// How an order was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// Who carries it.
    pub carrier: Carrier,
    /// What the carrier knows it by.
    pub tracking_number: TrackingNumber,
}

/// One entry of an order's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// When the orders of these tests are placed, in milliseconds.
    pub(crate) const NOW: i64 = 1_800_000_000_000;

    /// An order of two pieces of one product, at 1,999 each, as it is right after it was placed.
    pub(crate) fn placed(method: Option<&str>) -> Order {
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
            total: price.checked_mul(quantity).unwrap(),
            payment_method: method.map(|method| method.parse().unwrap()),
            payment_id: None,
            refunds: Vec::new(),
            shipment: None,
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
