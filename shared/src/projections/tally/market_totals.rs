//! What becomes of a market's figures.

use super::Tally;
use crate::domain::market::Market;
use crate::domain::market::totals::MarketTotals;
use crate::kit::command::{Change, NoEvents, Version};
use crate::projections::daily_sales::InconsistentRead;
use crate::projections::tally::delta::SalesDelta;

/// A market as it was found, with its tally before, the tally that follows it, if one does, and its figures.
pub(super) struct Seen<'a> {
    pub(super) market: Option<&'a Market>,
    pub(super) before: Option<&'a Tally>,
    pub(super) after: Option<&'a Tally>,
    pub(super) figures: Option<MarketTotals>,
}

/// Adds to `change` what becomes of a market's figures that `sold` so much more. They come with its first tally and go with
/// its last; what is sold after that is on record with the days alone. In between they are written with every tally, even
/// where they stay the same: so whoever moves the tally has seen them as they are.
///
/// # Errors
/// [`Torn`] without figures beside a tally that has them, or with figures that it does not have yet.
pub(super) fn follow<E>(
    seen: Seen<'_>,
    sold: SalesDelta,
    change: Change<(), E>,
) -> Result<Change<(), E>, InconsistentRead> {
    let Seen { market, before, after, figures } = seen;
    if before.is_some_and(Tally::is_tombstone) {
        return Ok(change);
    }
    if before.is_some() != figures.is_some() {
        return Err(InconsistentRead);
    }
    let next = match (figures, after.and(market)) {
        (Some(figures), _) if after.is_some_and(Tally::is_tombstone) => {
            let version = figures.version.next();
            return Ok(change.delete_entity(&MarketTotals { version, ..figures }, NoEvents));
        }
        (Some(_), None) if sold.is_nothing() => return Ok(change),
        (Some(figures), moved) => {
            let status = moved.map_or(figures.status, |market| market.status);
            MarketTotals { version: figures.version.next(), status, ..figures }
        }
        (None, Some(market)) => MarketTotals {
            market_id: market.id,
            version: Version::FIRST,
            status: market.status,
            orders: 0,
            volume: 0,
        },
        (None, None) => return Ok(change),
    };
    let (orders, volume) = (next.orders + sold.orders, next.volume + sold.volume);
    Ok(change.save(&MarketTotals { orders, volume, ..next }, NoEvents))
}
