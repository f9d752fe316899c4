//! Markets: the storefronts that people open.

pub mod create;
pub mod delete;
pub mod totals;
pub mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::user::UserId;
use crate::domain::values::actor::Actor;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::Currency;
use crate::domain::values::text::{Description, Name};
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// The id of a [`Market`].
pub type MarketId = Id<Market>;

/// A storefront.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// Its id.
    pub id: MarketId,
    /// Counts its changes.
    pub version: Version,
    /// What it is called.
    pub name: Name,
    /// What it says of itself.
    pub description: Option<Description>,
    /// Whether it sells.
    pub status: MarketStatus,
    /// What all its prices are in.
    pub currency: Currency,
    /// Who opened it, and sells in it.
    pub creator_id: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Identified for Market {
    const PREFIX: &'static str = "mkt";
}

/// Whether a market sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MarketStatus {
    /// Being prepared: only its creator sees it.
    Draft,
    /// Open.
    Active,
    /// Closed by a moderator.
    Suspended,
    /// Closed by its creator.
    Closed,
}

impl MarketStatus {
    /// Every status, in the order of a market's life.
    pub const ALL: &'static [Self] = &[Self::Draft, Self::Active, Self::Suspended, Self::Closed];

    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

impl Market {
    /// Whether `actor` (nobody in particular, if `None`) may know of it.
    #[must_use]
    pub fn is_visible_to(&self, actor: Option<&Actor>) -> bool {
        self.status != MarketStatus::Draft || actor.is_some_and(|actor| self.is_owned_by(actor))
    }

    /// Whether `actor` sells in it.
    #[must_use]
    pub fn is_owned_by(&self, actor: &Actor) -> bool {
        self.creator_id == actor.user
    }
}

/// What others hear of markets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum MarketEvent {
    /// A market was opened.
    #[serde(rename = "market.created", rename_all = "camelCase")]
    Created {
        /// Which.
        market_id: MarketId,
    },
    /// It was changed.
    #[serde(rename = "market.changed", rename_all = "camelCase")]
    Changed {
        /// Which.
        market_id: MarketId,
    },
    /// It was removed.
    #[serde(rename = "market.deleted", rename_all = "camelCase")]
    Deleted {
        /// Which.
        market_id: MarketId,
    },
}

impl MarketEvent {
    /// The market that it is about.
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
}
