//! Which lists each entity is counted in: the partitions that it stands in, and those parts of them that are asked for.

use std::collections::BTreeSet;

use super::listing;
use crate::domain::market::Market;
use crate::domain::order::Order;
use crate::domain::product::Product;
use crate::domain::tally::Countable;
use crate::domain::total::ListName;
use crate::domain::user::User;

impl Countable for User {
    fn lists(&self) -> BTreeSet<ListName> {
        BTreeSet::from([ListName::of(listing::accounts(self.role, self.status))])
    }
}

impl Countable for Market {
    fn lists(&self) -> BTreeSet<ListName> {
        BTreeSet::from([ListName::of(listing::markets(self.status))])
    }
}

impl Countable for Product {
    fn lists(&self) -> BTreeSet<ListName> {
        BTreeSet::from([ListName::of(listing::products_of(self.market_id))])
    }
}

impl Countable for Order {
    fn lists(&self) -> BTreeSet<ListName> {
        let partitions = [listing::orders_of(self.buyer_id), listing::orders_in(self.market_id)];
        let lists = partitions.into_iter().flat_map(|partition| {
            let of_status = ListName::with_status(&partition, self.status.as_str());
            [of_status, ListName::of(partition)]
        });
        lists.collect()
    }
}
