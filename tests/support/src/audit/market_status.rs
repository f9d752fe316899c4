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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MARKET: &str = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS";

    fn market() -> Value {
        json!({
            "kind": { "S": "market" }, "pk": { "S": format!("market#{MARKET}") }, "sk": { "S": "market" },
            "id": { "S": MARKET }, "version": { "N": "1" }, "name": { "S": "Mugs" }, "status": { "S": "active" },
            "currency": { "S": "EUR" }, "creatorId": { "S": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS" },
            "createdAt": { "S": "2027-01-15T08:00:00.000Z" }, "updatedAt": { "S": "2027-01-15T08:00:00.000Z" },
        })
    }

    fn copy(number: u32, status: &str) -> Value {
        json!({
            "kind": { "S": "market-status" }, "pk": { "S": format!("market#{MARKET}#status#{number}") },
            "sk": { "S": "status" }, "status": { "S": status },
        })
    }

    fn violations(items: impl IntoIterator<Item = Value>) -> usize {
        let items = items.into_iter().map(|item| serde_json::from_value(item).expect("the item is valid"));
        equals_its_copies(&Items::of_items(items)).len()
    }

    #[test]
    fn market_has_all_copies_of_its_status_and_a_deleted_one_none() {
        let copies = || (0..STATUS_COPIES).map(|number| copy(number, "active"));
        assert_eq!(violations(copies().chain([market()])), 0);
        assert_eq!(violations(copies().skip(1).chain([market()])), 1);
        assert_eq!(violations(copies().skip(1).chain([market(), copy(0, "closed")])), 1);
        assert_eq!(violations(copies()), 8);
    }
}
