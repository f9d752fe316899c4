//! Updating the totals of a market.

use super::Tally;
use crate::domain::market::Market;
use crate::domain::market::totals::MarketTotals;
use crate::kit::command::{Change, NoEvents, Version};
use crate::projections::daily_sales::InconsistentRead;
use crate::projections::tally::delta::SalesDelta;

/// Market with its previous tally, its next tally if there is one, and its stored totals.
pub(super) struct MarketState<'a> {
    pub(super) market: Option<&'a Market>,
    pub(super) before: Option<&'a Tally>,
    pub(super) after: Option<&'a Tally>,
    pub(super) totals: Option<MarketTotals>,
    /// True if orders of the market are counted in the same change.
    pub(super) orders_counted: bool,
}

/// Adds to `change` the update of a market's totals by `sold`.
///
/// The totals are created with the market's first tally and deleted with its last; later sales are recorded
/// only in the daily sales. In between, the totals are written with every new tally, even if they are
/// unchanged: so a worker that replaces the tally has read the current totals. If orders are counted, the totals
/// must be unchanged as well: a recount of the market may have begun (see [`recount`](super::recount)).
///
/// # Errors
/// [`InconsistentRead`] if only one of tally and totals exists.
pub(super) fn update_totals<E>(
    state: MarketState<'_>,
    sold: SalesDelta,
    change: Change<(), E>,
) -> Result<Change<(), E>, InconsistentRead> {
    let MarketState { market, before, after, totals, orders_counted } = state;
    if before.is_some_and(Tally::is_tombstone) {
        return Ok(change);
    }
    if before.is_some() != totals.is_some() {
        return Err(InconsistentRead);
    }
    let next = match (totals, after.and(market)) {
        (Some(totals), _) if after.is_some_and(Tally::is_tombstone) => {
            let version = totals.version.next();
            return Ok(change.delete_entity(&MarketTotals { version, ..totals }, NoEvents));
        }
        (Some(totals), None) if sold.is_zero() && orders_counted => {
            return Ok(change.require_unchanged(&totals));
        }
        (Some(_), None) if sold.is_zero() => return Ok(change),
        (Some(totals), market) => {
            let status = market.map_or(totals.status, |market| market.status);
            MarketTotals { version: totals.version.next(), status, ..totals }
        }
        (None, Some(market)) => MarketTotals {
            market_id: market.id,
            version: Version::FIRST,
            status: market.status,
            orders: 0,
            volume: 0,
            recount: None,
            resetting: false,
        },
        (None, None) => return Ok(change),
    };
    let (orders, volume) = (next.orders + sold.orders, next.volume + sold.volume);
    Ok(change.save(&MarketTotals { orders, volume, ..next }, NoEvents))
}
