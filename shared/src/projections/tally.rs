//! Tallies: the counted version and contribution of each entity.
//!
//! A value that is aggregated over many entities (the length of a list, the sales of a market) is adjusted by
//! the difference between the previous and the current contribution of an entity. The tally of the entity
//! stores its previous contribution. It is replaced in the same transaction, on the condition that it has not
//! changed since it was read. So each version of an entity is counted at most once, even if several workers
//! receive its events, repeatedly or in another order.

pub mod count;
mod delta;
pub mod forget;
mod market_totals;
#[cfg(test)]
mod proptests;
pub mod recount;
mod subject;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::order::Order;
use crate::domain::order::payment::Payment;
use crate::kit::command::{Entity, EventId, Version};
use crate::kit::system::clock::Timestamp;
use crate::projections::account_balances::OrderBalances;
use crate::projections::daily_sales::{InconsistentRead, Sale};
use crate::projections::list_total::ListKey;
pub use subject::{Subject, SubjectError};

/// Contribution of an entity that is already counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Id of the entity.
    pub id: Subject,
    /// Version of the tally, for optimistic locking.
    pub version: Version,
    /// Counted version of the entity.
    pub counted: Counted,
    /// Lists in which the entity is counted.
    pub lists: BTreeSet<ListKey>,
    /// Sale that is counted for the entity.
    pub sale: Option<Sale>,
    /// Balances that are counted for an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balances: Option<OrderBalances>,
    /// Recount of the market in which an order is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recount: Option<EventId>,
}

/// Counted version of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Version up to which the entity is counted.
    At(Version),
    /// The entity was deleted at this time or earlier. Ids are not reused, so this takes precedence over
    /// every version that another worker may have read before.
    Deleted(Timestamp),
}

/// Entity that is counted.
pub trait Countable: Entity {
    /// Lists that contain the entity.
    fn lists(&self) -> BTreeSet<ListKey>;
}

/// Contribution of a version of an entity to the aggregated values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Version of the entity.
    pub version: Version,
    /// Lists that contain the entity.
    pub lists: BTreeSet<ListKey>,
    /// Sale of the entity, if it is a confirmed order.
    pub sale: Option<Sale>,
    /// Balances of the entity, if it is an order with money on the ledger.
    pub balances: Option<OrderBalances>,
    /// Recount of the order's market, if there was one.
    pub recount: Option<EventId>,
}

impl Contribution {
    /// Contribution of an entity that is not an order.
    pub fn of<E: Countable>(entity: &E) -> Self {
        Self { version: entity.version(), lists: entity.lists(), sale: None, balances: None, recount: None }
    }

    /// Contribution of an order, in a recount of its market if there was one.
    ///
    /// # Errors
    /// [`InconsistentRead`] if the order and its payment were read in different versions.
    pub fn of_order(
        order: &Order,
        payment: Option<&Payment>,
        recount: Option<EventId>,
    ) -> Result<Self, InconsistentRead> {
        let (sale, balances) = (Sale::of(order, payment)?, OrderBalances::of(order, payment)?);
        Ok(Self { sale, balances, recount, ..Self::of(order) })
    }
}

impl Tally {
    /// Returns the next tally for the current contribution of the entity (`None` if it was deleted). Returns
    /// `None` if this version is already counted in the same recount, or a later version in any.
    ///
    /// An unchanged contribution also creates a new tally, so that a worker that has read an older version
    /// fails on the version condition.
    #[must_use]
    pub fn next(
        previous: Option<&Self>,
        id: Subject,
        contribution: Option<Contribution>,
        now: Timestamp,
    ) -> Option<Self> {
        let counted = match (&contribution, previous.map(|tally| tally.counted)) {
            (_, Some(Counted::Deleted(_))) => return None,
            (Some(contribution), Some(Counted::At(version)))
                if contribution.version < version
                    || (contribution.version == version
                        && previous.is_some_and(|tally| tally.recount == contribution.recount)) =>
            {
                return None;
            }
            (Some(contribution), _) => Counted::At(contribution.version),
            (None, _) => Counted::Deleted(now),
        };
        let version = previous.map_or(Version::FIRST, |tally| tally.version.next());
        let Some(Contribution { lists, sale, balances, recount, .. }) = contribution else {
            let recount = previous.and_then(|tally| tally.recount.clone());
            return Some(Self {
                id,
                version,
                counted,
                lists: BTreeSet::new(),
                sale: None,
                balances: None,
                recount,
            });
        };
        Some(Self { id, version, counted, lists, sale, balances, recount })
    }

    /// The tally without its contribution to the totals of a market.
    fn without_market(&self) -> Self {
        let lists = self.lists.iter().filter(|list| !list.is_of_market()).cloned().collect();
        Self { lists, sale: None, balances: None, ..self.clone() }
    }

    /// Returns true if the entity was deleted.
    #[must_use]
    pub const fn is_tombstone(&self) -> bool {
        matches!(self.counted, Counted::Deleted(_))
    }
}
