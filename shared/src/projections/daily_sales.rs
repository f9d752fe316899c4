//! Daily sales of markets.
//!
//! A sale is a confirmed order. It counts for the day of its confirmation, even if the order is
//! refunded later: refunds are summed up separately and never subtracted from the sales.

use serde::{Deserialize, Serialize};

use crate::domain::market::MarketId;
use crate::domain::order::payment::Payment;
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::values::date::Date;
use crate::domain::values::money::Money;

/// Sale of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    /// Id of the market.
    pub market_id: MarketId,
    /// Day of the confirmation.
    pub day: Date,
    /// Captured amount.
    pub volume: Money,
    /// Refunded amount.
    pub refunded: Money,
}

/// Items that are only written together were read in different versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("items that are written together were read in different versions")]
pub struct InconsistentRead;

impl Sale {
    /// Returns the sale of `order`; `None` if the order was never confirmed.
    ///
    /// The sale is derived from the order and thus belongs to the order's version. The payment contributes
    /// only its id at the gateway, which never changes: it separates refunds of the order's own payment from
    /// refunds of duplicate payments.
    ///
    /// An order with a total of zero is a sale without volume and needs no payment.
    ///
    /// # Errors
    /// [`InconsistentRead`] if another confirmed order has no payment: both are committed together.
    pub fn of(order: &Order, payment: Option<&Payment>) -> Result<Option<Self>, InconsistentRead> {
        let mut transitions = order.timeline.iter();
        let confirmed = transitions.find(|transition| transition.status == OrderStatus::Confirmed);
        let Some(confirmed) = confirmed else { return Ok(None) };
        let (market_id, day, volume) = (order.market_id, Date::of(confirmed.at), order.total());
        if order.is_free() {
            return Ok(Some(Self { market_id, day, volume, refunded: volume }));
        }
        let payment = payment.ok_or(InconsistentRead)?;
        let is_own = |refund: &&Refund| {
            refund.status == RefundStatus::Succeeded && refund.gateway_id == payment.gateway_id
        };
        let mut own = order.refunds.iter().filter(is_own).map(|refund| refund.amount);
        let refunded = own.try_fold(Money::zero(order.total().currency()), Money::checked_add);
        Ok(Some(Self { market_id, day, volume, refunded: refunded.unwrap_or(volume) }))
    }
}

/// Sales of a market on one day. Its counters have no version: they change by relative amounts, each of which
/// is guarded by a tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailySales {
    /// Day of the sales.
    pub date: Date,
    /// Number of confirmed orders.
    pub orders: i64,
    /// Captured amount, in minor units of the market's currency.
    pub volume: i64,
    /// Refunded amount, in minor units of the market's currency.
    pub refunded: i64,
}

/// Key of [`DailySales`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DailySalesKey {
    /// Id of the market.
    pub market_id: MarketId,
    /// Day of the sales.
    pub day: Date,
}

impl DailySales {
    /// Name of the attribute with the day.
    pub const DATE: &'static str = "date";
    /// Name of the attribute with the number of orders.
    pub const ORDERS: &'static str = "orders";
    /// Name of the attribute with the captured amount.
    pub const VOLUME: &'static str = "volume";
    /// Name of the attribute with the refunded amount.
    pub const REFUNDED: &'static str = "refunded";
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::order::tests::{confirmed, placed_free};
    use crate::domain::tests::{at, euros};

    #[test]
    fn order_with_total_zero_is_a_sale_without_volume() {
        assert_eq!(Sale::of(&placed_free(None), None), Ok(None));
        let free = placed_free(None).reserved(Duration::from_hours(1), at(0)).unwrap();
        let sale = Sale::of(&free, None).unwrap().unwrap();
        assert_eq!((sale.volume, sale.refunded), (euros(0), euros(0)));
        assert_eq!(Sale::of(&confirmed().0, None), Err(InconsistentRead));
    }
}
