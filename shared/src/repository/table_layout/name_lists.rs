//! Lists in which an entity is found by the words of its name.

use crate::domain::market::Market;
use crate::domain::market::summary::MarketSummary;
use crate::domain::product::Product;
use crate::domain::product::summary::ProductSummary;
use crate::domain::user::{User, UserSummary};
use crate::domain::values::id::Id;
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Entity, Key, NoEvents, Record, Version};
use crate::kit::system::clock::Timestamp;
use crate::projections::name_index::{HasName, NameEntry, NameTerm, NameTermKey, NameTerms};
use crate::projections::search_index::Indexed;
use crate::repository::table_layout::keys::key;
use crate::repository::table_layout::partitions;

impl HasName for Market {
    type Summary = MarketSummary;

    fn name_terms(&self) -> NameTerms<MarketSummary> {
        NameTerms::new(partitions::markets(self.status), &self.name, self.into())
    }
}

impl HasName for Product {
    type Summary = ProductSummary;

    fn name_terms(&self) -> NameTerms<ProductSummary> {
        NameTerms::new(partitions::products_in(self.market_id, self.status), &self.title, self.into())
    }
}

impl HasName for User {
    type Summary = UserSummary;

    fn name_terms(&self) -> NameTerms<UserSummary> {
        NameTerms::new(partitions::accounts(self.role, self.status), &self.name, self.into())
    }
}

impl<N: HasName> Record for NameEntry<N> {
    const KIND: &'static str = "name-entry";
    type Id = Id<N>;

    fn key(id: &Id<N>) -> Key {
        key(N::key(id).pk, "name")
    }
}

impl<N: HasName> Entity for NameEntry<N> {
    type Event = NoEvents;

    fn id(&self) -> &Id<N> {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    // Another worker may still index the name of a deleted entity from an earlier read.
    fn expires_at(&self) -> Option<Timestamp> {
        match self.indexed {
            Indexed::At(_) => None,
            Indexed::Deleted(at) => Some(at.saturating_add(MESSAGE_RETENTION)),
        }
    }
}

impl<N: HasName> Record for NameTerm<N> {
    const KIND: &'static str = "name-term";
    type Id = NameTermKey;

    fn key(at: &NameTermKey) -> Key {
        key(NameTermKey::partition(&at.list), format!("{}#{}", at.word, at.id))
    }
}
