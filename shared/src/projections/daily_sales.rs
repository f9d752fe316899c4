//! What markets sell, day by day.
//!
//! A sale is an order that got confirmed. It belongs to the day of its confirmation, whatever becomes of it later: what
//! goes back to the buyer is counted beside what was sold, never taken from it.

use serde::{Deserialize, Serialize};

use crate::domain::market::MarketId;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::Payment;
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::values::date::Date;
use crate::domain::values::money::Money;

/// What one order sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    /// Where.
    pub market_id: MarketId,
    /// When it was confirmed.
    pub day: Date,
    /// What was captured for it.
    pub volume: Money,
    /// What of that went back.
    pub refunded: Money,
}

/// Items that are only written together were read at different moments, and do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what belongs together was read at different moments")]
pub struct InconsistentRead;

impl Sale {
    /// What `order` sold; nothing, if it was never confirmed.
    ///
    /// All of it follows from the order, so that it belongs to the order's version. Only which of the refunds are of its
    /// own payment, and not of a second one that came by mistake, is the payment's to say: the gateway's id, which never
    /// changes.
    ///
    /// # Errors
    /// [`Torn`] without the payment of a confirmed order: the two are committed together.
    pub fn of(order: &Order, payment: Option<&Payment>) -> Result<Option<Self>, InconsistentRead> {
        let mut transitions = order.timeline.iter();
        let confirmed = transitions.find(|transition| transition.status == OrderStatus::Confirmed);
        let Some(confirmed) = confirmed else { return Ok(None) };
        let payment = payment.ok_or(InconsistentRead)?;
        let is_own = |refund: &&Refund| {
            refund.status == RefundStatus::Succeeded && refund.gateway_id == payment.gateway_id
        };
        let mut own = order.refunds.iter().filter(is_own).map(|refund| refund.amount);
        let refunded = own.try_fold(Money::zero(order.total.currency()), Money::checked_add);
        Ok(Some(Self {
            market_id: order.market_id,
            day: Date::of(confirmed.at),
            volume: order.total,
            refunded: refunded.unwrap_or(order.total),
        }))
    }
}

/// What a market sold on one day. Its counters have no version: they move by differences, each of which a tally guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailySales {
    /// The day.
    pub date: Date,
    /// How many orders were confirmed.
    pub orders: i64,
    /// What was captured for them, in minor units of the market's currency.
    pub volume: i64,
    /// What of that went back since, in the same units.
    pub refunded: i64,
}

/// What finds a [`DaySales`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DailySalesKey {
    /// The market.
    pub market_id: MarketId,
    /// The day.
    pub day: Date,
}

impl DailySales {
    /// The attribute that says the day.
    pub const DATE: &'static str = "date";
    /// The attribute that counts the orders.
    pub const ORDERS: &'static str = "orders";
    /// The attribute that sums up what was captured.
    pub const VOLUME: &'static str = "volume";
    /// The attribute that sums up what went back.
    pub const REFUNDED: &'static str = "refunded";
}
