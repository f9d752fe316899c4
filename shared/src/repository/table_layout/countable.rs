//! Lists in whose totals each entity is counted: its partitions, and their subsets by status.

use std::collections::BTreeSet;

use crate::domain::market::Market;
use crate::domain::order::Order;
use crate::domain::product::Product;
use crate::domain::user::User;
use crate::projections::list_total::ListKey;
use crate::projections::tally::Countable;
use crate::repository::table_layout::partitions;

impl Countable for User {
    fn lists(&self) -> BTreeSet<ListKey> {
        BTreeSet::from([ListKey::of(partitions::accounts(self.role, self.status))])
    }
}

impl Countable for Market {
    fn lists(&self) -> BTreeSet<ListKey> {
        BTreeSet::from([ListKey::of(partitions::markets(self.status))])
    }
}

impl Countable for Product {
    fn lists(&self) -> BTreeSet<ListKey> {
        BTreeSet::from([ListKey::of(partitions::products_in(self.market_id, self.status))])
    }
}

impl Countable for Order {
    fn lists(&self) -> BTreeSet<ListKey> {
        let partitions = [partitions::orders_of(self.buyer_id), partitions::orders_in(self.market_id)];
        let lists = partitions.into_iter().flat_map(|partition| {
            let of_status = ListKey::with_status(&partition, self.status);
            [of_status, ListKey::of(partition)]
        });
        lists.collect()
    }
}
