//! Orders: their lines, statuses, payment, shipment and refunds.

pub mod cancel;
pub mod event;
pub mod expire;
pub mod fulfilment;
pub mod lines;
pub mod payment;
pub mod place;
pub mod refund;
pub mod shipment;
pub mod state_machine;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ledger::commission::CommissionTerms;
use super::market::MarketId;
use super::user::UserId;
use crate::domain::values::actor::{Actor, Permission};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::Money;
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;
pub use event::{OrderEvent, OrderEventData};
use fulfilment::Fulfilment;
use lines::OrderLines;
use payment::refund::Refund;
use payment::{PaymentId, PaymentMethod};
pub use shipment::Shipment;
pub use state_machine::status::OrderStatus;
pub use state_machine::transition::InvalidState;

/// Id of an [`Order`].
pub type OrderId = Id<Order>;

/// Purchase of products of one market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Id of the order.
    pub id: OrderId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Buyer.
    pub buyer_id: UserId,
    /// Seller.
    pub seller_id: UserId,
    /// Market of all products in the order.
    pub market_id: MarketId,
    /// Lines with the prices and taxes at the time of placement.
    pub lines: OrderLines,
    /// Terms of the commission; `None` if an earlier version of this software has placed the order, which then is not
    /// on the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<CommissionTerms>,
    /// Payment method to charge; `None` if the buyer pays at the gateway.
    pub payment_method: Option<PaymentMethod>,
    /// Payment, once money was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    /// Refunds of the order's captures, regardless of their status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// Time at which the refunds are compared with the gateway again; `None` if none can change any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_check_at: Option<Timestamp>,
    /// Shipment, once the order has shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<Shipment>,
    /// Status as shown to buyer and seller.
    pub status: OrderStatus,
    /// Current step of the fulfilment saga.
    pub fulfilment: Fulfilment,
    /// Time at which the saga was last resumed after it had stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Timestamp>,
    /// Status changes so far, oldest first.
    pub timeline: Vec<Transition>,
    /// Time of placement.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Identified for Order {
    const PREFIX: &'static str = "ord";
    const NOUN: &'static str = "order";
}

/// Part of an order that lists show. It has neither the lines nor anything that every step of the saga
/// changes, such as the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// Id of the order.
    pub id: OrderId,
    /// Buyer.
    pub buyer_id: UserId,
    /// Seller.
    pub seller_id: UserId,
    /// Market of all products in the order.
    pub market_id: MarketId,
    /// Status as shown to buyer and seller.
    pub status: OrderStatus,
    /// Total to pay.
    pub total: Money,
    /// Number of units of all products.
    pub units: u32,
    /// Time of placement.
    pub created_at: Timestamp,
}

impl From<&Order> for OrderSummary {
    fn from(order: &Order) -> Self {
        Self {
            id: order.id,
            buyer_id: order.buyer_id,
            seller_id: order.seller_id,
            market_id: order.market_id,
            status: order.status,
            total: order.total(),
            units: order.lines.items().map(|line| line.quantity.get()).sum(),
            created_at: order.created_at,
        }
    }
}

/// Entry of an order's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transition {
    /// New status of the order.
    pub status: OrderStatus,
    /// Time of the change.
    pub at: Timestamp,
    /// Party that caused the change.
    pub by: Party,
    /// Reason for the change, if there is one.
    pub reason: Option<String>,
}

/// Party to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// Buyer of the order.
    Buyer,
    /// Seller of the order.
    Seller,
    /// The marketplace itself.
    System,
}

impl Order {
    /// Role of `actor` in the order: buyer, seller or none.
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

    /// Total to pay: the sum of the lines.
    #[must_use]
    pub const fn total(&self) -> Money {
        self.lines.sum().gross
    }

    /// Returns true if the total is zero: the order needs no payment.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.total().amount() == 0
    }

    /// Returns true if `actor` may read the order.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        self.party(actor).is_some() || actor.may(Permission::OrdersReadAny)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::tests::{BUYER, SELLER, STRANGER, actor, euros, moderator};
    use crate::domain::values::money::Quantity;
    use lines::{ItemLine, OrderLine};
    use payment::refund::RefundStatus;
    use payment::refund::gateway_refund::GatewayRefund;
    use payment::{Capture, DeclineCode, GatewayId, Payment};

    /// Time at which the orders of these tests are placed, in milliseconds.
    pub(crate) const NOW: i64 = 1_800_000_000_000;

    /// Line of two units of one product, without tax.
    fn mugs(unit_price: i64) -> OrderLine {
        OrderLine::Item(ItemLine {
            product_id: "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            sku: "MUG-1".parse().unwrap(),
            title: "Mug".parse().unwrap(),
            quantity: Quantity::try_from(2).unwrap(),
            unit_price: euros(unit_price),
            tax: None,
        })
    }

    /// New order of two units of one product at 19.99 EUR each.
    pub(crate) fn placed(method: Option<&str>) -> Order {
        let now = Timestamp::from_millis(NOW);
        Order {
            id: "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            version: Version::FIRST,
            buyer_id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            seller_id: "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT".parse().unwrap(),
            market_id: "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            lines: vec![mugs(1_999)].try_into().unwrap(),
            commission: Some(CommissionTerms::NONE),
            payment_method: method.map(|method| method.parse().unwrap()),
            payment_id: None,
            refunds: Vec::new(),
            refund_check_at: None,
            shipment: None,
            status: OrderStatus::Pending,
            fulfilment: Fulfilment::Accepted,
            resumed_at: None,
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

    /// New order with a total of zero.
    pub(crate) fn placed_free(method: Option<&str>) -> Order {
        let mut order = placed(method);
        order.lines = vec![mugs(0)].try_into().unwrap();
        order
    }

    /// Confirmed order of 39.98 EUR with its payment.
    pub(crate) fn confirmed() -> (Order, Payment) {
        let (now, order) = (Timestamp::from_millis(NOW), placed(Some("pm_card_visa")));
        let order = order.reserved(Duration::from_hours(1), now).unwrap();
        let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: order.total() };
        let payment = Payment::captured(order.id, &capture, now);
        (order.apply_payment(&payment, now).unwrap(), payment)
    }

    /// Refund of the order with this number, as the gateway reports it. A refund that the order does not
    /// contain is one of an unknown payment.
    pub(crate) fn reported(order: &Order, number: u32, status: RefundStatus) -> GatewayRefund {
        let refund = order.refunds.iter().find(|refund| refund.number == number);
        GatewayRefund {
            id: GatewayId(format!("re_{number}")),
            payment: refund.map_or(GatewayId("pi_unknown".to_owned()), |refund| refund.gateway_id.clone()),
            order_id: Some(order.id),
            name: refund.map(|refund| refund.intent(order.id).name()),
            amount: refund.map_or(order.total(), |refund| refund.amount),
            status,
            failure: status.is_unmade().then(|| DeclineCode::new("expired_or_canceled_card")),
        }
    }

    #[test]
    fn buyer_seller_and_moderators_see_an_order() {
        let order = placed(None);
        for (actor, party, visible) in [
            (actor(BUYER), Some(Party::Buyer), true),
            (actor(SELLER), Some(Party::Seller), true),
            (actor(STRANGER), None, false),
            (moderator(), None, true),
        ] {
            assert_eq!((order.party(&actor), order.is_visible_to(&actor)), (party, visible));
        }
    }
}
