//! Copies of the status of markets, of which each order checks one.

use std::collections::BTreeMap;

use shared::domain::market::status_copy::{STATUS_COPIES, StatusCopy, StatusCopyKey};
use shared::domain::market::{Market, MarketStatus};
use shared::kit::command::{Key, Record};

use super::{Invariant, Items, Violation};

/// Checks that each market has all copies of its status, and that no other copies exist.
pub(super) fn equals_its_copies(items: &Items) -> Vec<Violation> {
    let expected: BTreeMap<Key, MarketStatus> = items.of::<Market>().flat_map(copies_of).collect();
    let stored: BTreeMap<Key, MarketStatus> =
        items.placed::<StatusCopy>().map(|(key, copy)| (key, copy.status)).collect();
    let other = stored.keys().filter(|key| !expected.contains_key(key));
    let wrong = expected.keys().chain(other).filter(|key| expected.get(key) != stored.get(key));
    wrong
        .map(|key| {
            let should_be = format!("a copy of the status of its market, {:?}", expected.get(key));
            Violation::new(Invariant::Http, &key.pk, should_be, format!("{:?}", stored.get(key)))
        })
        .collect()
}

/// Copies that a market should have.
fn copies_of(market: Market) -> impl Iterator<Item = (Key, MarketStatus)> {
    (0..STATUS_COPIES).map(move |number| {
        let key = StatusCopyKey { market_id: market.id, number };
        (StatusCopy::key(&key), market.status)
    })
}
