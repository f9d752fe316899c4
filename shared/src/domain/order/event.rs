//! Events of orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Order, OrderId};
use crate::domain::market::MarketId;
use crate::domain::user::UserId;
use crate::domain::values::money::Money;
use crate::kit::command::Event;

/// Event of an order. Each version has one, so that the sequence has no gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, JsonSchema)]
#[serde(tag = "type", content = "data")]
#[strum(prefix = "order.", serialize_all = "snake_case")]
pub enum OrderEvent {
    /// The order was placed.
    #[serde(rename = "order.created")]
    Created(OrderEventData),
    /// The stock is reserved.
    #[serde(rename = "order.awaiting_payment")]
    AwaitingPayment(OrderEventData),
    /// The order is paid.
    #[serde(rename = "order.confirmed")]
    Confirmed(OrderEventData),
    /// The order cannot be fulfilled.
    #[serde(rename = "order.rejected")]
    Rejected(OrderEventData),
    /// The order was cancelled.
    #[serde(rename = "order.cancelled")]
    Cancelled(OrderEventData),
    /// The order was not paid in time, and its checkout is to be closed.
    #[serde(rename = "order.payment_overdue")]
    PaymentOverdue(OrderEventData),
    /// The order was not paid in time.
    #[serde(rename = "order.expired")]
    Expired(OrderEventData),
    /// The order was shipped.
    #[serde(rename = "order.shipped")]
    Shipped(OrderEventData),
    /// The order was delivered.
    #[serde(rename = "order.delivered")]
    Delivered(OrderEventData),
    /// A refund is pending.
    #[serde(rename = "order.refund_started")]
    RefundStarted(OrderEventData),
    /// A refund was made at the gateway itself and is pending, or was cancelled because nothing is left for it.
    #[serde(rename = "order.refund_changed")]
    RefundChanged(OrderEventData),
    /// A refund succeeded that does not change the status.
    #[serde(rename = "order.partially_refunded")]
    PartiallyRefunded(OrderEventData),
    /// The gateway refused a refund, or a refund failed after the gateway had accepted it.
    #[serde(rename = "order.refund_failed")]
    RefundFailed(OrderEventData),
    /// The payment is fully refunded.
    #[serde(rename = "order.refunded")]
    Refunded(OrderEventData),
    /// The fulfilment had stopped and is to be continued.
    #[serde(rename = "order.resumed")]
    Resumed(OrderEventData),
    /// The fulfilment advanced without a change of status.
    #[serde(rename = "order.fulfilment_progressed")]
    #[strum(serialize = "fulfilment_progressed")]
    Progressed(OrderEventData),
}

/// Data of an order event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderEventData {
    /// Id of the order.
    pub order_id: OrderId,
    /// Market of the order.
    pub market_id: MarketId,
    /// Buyer of the order.
    pub buyer_id: UserId,
    /// Seller of the order.
    pub seller_id: UserId,
    /// Total of the order.
    pub total: Money,
}

impl From<&Order> for OrderEventData {
    fn from(order: &Order) -> Self {
        let Order { id, market_id, buyer_id, seller_id, .. } = *order;
        Self { order_id: id, market_id, buyer_id, seller_id, total: order.total() }
    }
}

impl OrderEvent {
    /// Id of the market.
    #[must_use]
    pub const fn market_id(&self) -> MarketId {
        self.data().market_id
    }

    /// Id of the order.
    #[must_use]
    pub const fn order_id(&self) -> OrderId {
        self.data().order_id
    }

    /// Data of the event.
    #[must_use]
    pub const fn data(&self) -> OrderEventData {
        match self {
            Self::Created(data)
            | Self::AwaitingPayment(data)
            | Self::Confirmed(data)
            | Self::Rejected(data)
            | Self::Cancelled(data)
            | Self::PaymentOverdue(data)
            | Self::Expired(data)
            | Self::Shipped(data)
            | Self::Delivered(data)
            | Self::RefundStarted(data)
            | Self::RefundChanged(data)
            | Self::RefundFailed(data)
            | Self::PartiallyRefunded(data)
            | Self::Refunded(data)
            | Self::Resumed(data)
            | Self::Progressed(data) => *data,
        }
    }
}

impl Event for OrderEvent {
    fn name(&self) -> &'static str {
        self.into()
    }

    fn scope(&self) -> Option<String> {
        Some(self.market_id().to_string())
    }
}

/// Constructor of an order event.
pub(crate) type EventConstructor = fn(OrderEventData) -> OrderEvent;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::payment::{PaymentEvent, PaymentEventData};
    use crate::domain::order::tests::confirmed;
    use crate::domain::tests::assert_names_are_types;

    const CONSTRUCTORS: [EventConstructor; 16] = [
        OrderEvent::Created,
        OrderEvent::AwaitingPayment,
        OrderEvent::Confirmed,
        OrderEvent::Rejected,
        OrderEvent::Cancelled,
        OrderEvent::PaymentOverdue,
        OrderEvent::Expired,
        OrderEvent::Shipped,
        OrderEvent::Delivered,
        OrderEvent::RefundStarted,
        OrderEvent::RefundChanged,
        OrderEvent::RefundFailed,
        OrderEvent::PartiallyRefunded,
        OrderEvent::Refunded,
        OrderEvent::Resumed,
        OrderEvent::Progressed,
    ];

    #[test]
    fn names_match_serialised_types() {
        let (order, payment) = confirmed();
        assert_names_are_types(CONSTRUCTORS.map(|event| event((&order).into())));
        let data: PaymentEventData = payment.event_data(order.market_id, payment.captured);
        let events = [PaymentEvent::Captured, PaymentEvent::Refunded, PaymentEvent::RefundFailed];
        assert_names_are_types(events.map(|event| event(data)));
    }

    #[test]
    fn events_carry_the_data_of_their_order() {
        let (order, _) = confirmed();
        let data = OrderEventData {
            order_id: order.id,
            market_id: order.market_id,
            buyer_id: order.buyer_id,
            seller_id: order.seller_id,
            total: order.total(),
        };
        for event in CONSTRUCTORS.map(|event| event((&order).into())) {
            assert_eq!((event.order_id(), event.data()), (order.id, data));
        }
    }
}
