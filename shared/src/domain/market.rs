//! Markets: the storefronts in which users sell products.

pub mod close;
pub mod create;
pub mod delete;
pub mod settings;
pub mod status_copy;
pub mod summary;
pub mod totals;
pub mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

use super::user::UserId;
use crate::domain::values::actor::Actor;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::Currency;
use crate::domain::values::text::{Description, Name};
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// Id of a [`Market`].
pub type MarketId = Id<Market>;

/// Market: a storefront of one seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// Id of the market.
    pub id: MarketId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Name.
    pub name: Name,
    /// Description.
    pub description: Option<Description>,
    /// Status, which determines whether the market is visible and sells.
    pub status: MarketStatus,
    /// Currency of all prices in the market.
    pub currency: Currency,
    /// User who created the market and sells in it.
    pub creator_id: UserId,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Identified for Market {
    const PREFIX: &'static str = "mkt";
    const NOUN: &'static str = "market";
}

/// Status of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(Display, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum MarketStatus {
    /// In preparation; visible only to its creator.
    Draft,
    /// Open for orders.
    Active,
    /// Closed by a moderator.
    Suspended,
    /// Closed by its creator.
    Closed,
}

impl Market {
    /// Returns true if `actor` may read the market. `None` is an anonymous caller.
    #[must_use]
    pub fn is_visible_to(&self, actor: Option<&Actor>) -> bool {
        self.status != MarketStatus::Draft || actor.is_some_and(|actor| self.is_owned_by(actor))
    }

    /// Returns true if `actor` created the market.
    #[must_use]
    pub fn is_owned_by(&self, actor: &Actor) -> bool {
        self.creator_id == actor.user
    }
}

/// Event of a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum MarketEvent {
    /// A market was created.
    #[serde(rename = "market.created", rename_all = "camelCase")]
    Created {
        /// Id of the market.
        market_id: MarketId,
    },
    /// A market was changed.
    #[serde(rename = "market.changed", rename_all = "camelCase")]
    Changed {
        /// Id of the market.
        market_id: MarketId,
    },
    /// A market was deleted.
    #[serde(rename = "market.deleted", rename_all = "camelCase")]
    Deleted {
        /// Id of the market.
        market_id: MarketId,
    },
}

impl MarketEvent {
    /// Id of the market.
    #[must_use]
    pub const fn market_id(&self) -> MarketId {
        match self {
            Self::Created { market_id } | Self::Changed { market_id } | Self::Deleted { market_id } => {
                *market_id
            }
        }
    }
}

impl Event for MarketEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "market.created",
            Self::Changed { .. } => "market.changed",
            Self::Deleted { .. } => "market.deleted",
        }
    }

    fn scope(&self) -> Option<String> {
        Some(self.market_id().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, STRANGER, actor, assert_names_are_types, market, moderator};

    #[test]
    fn draft_is_visible_only_to_its_creator() {
        let visible = |status| {
            let market = Market { status, ..market() };
            let actors = [None, Some(actor(STRANGER)), Some(moderator()), Some(actor(SELLER))];
            actors.map(|actor| market.is_visible_to(actor.as_ref()))
        };
        assert_eq!(visible(MarketStatus::Draft), [false, false, false, true]);
        for status in [MarketStatus::Active, MarketStatus::Suspended, MarketStatus::Closed] {
            assert_eq!(visible(status), [true; 4], "{status:?}");
        }
    }

    #[test]
    fn string_forms_match_serialised_forms() {
        for status in MarketStatus::VARIANTS {
            assert_eq!(serde_json::to_value(status).unwrap(), status.to_string());
        }
        let market_id = market().id;
        assert_names_are_types([
            MarketEvent::Created { market_id },
            MarketEvent::Changed { market_id },
            MarketEvent::Deleted { market_id },
        ]);
    }
}
