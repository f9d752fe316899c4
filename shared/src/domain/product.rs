//! Products: what a market sells, and how much of it there is.

pub mod adjust_stock;
pub mod create;
pub mod delete;
pub mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::market::MarketId;
use super::user::UserId;
use crate::domain::values::actor::Actor;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::text::{Description, Sku, Title};
use crate::kit::command::{Adjustment, Event, Version};
use crate::kit::system::clock::Timestamp;

/// The id of a [`Product`].
pub type ProductId = Id<Product>;

/// Something a market sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Counts its changes.
    pub version: Version,
    /// The market that sells it.
    pub market_id: MarketId,
    /// Who sells it: the market's creator.
    pub seller_id: UserId,
    /// The seller's own name for it, unique in the market.
    pub sku: Sku,
    /// What it is called.
    pub title: Title,
    /// What is said of it.
    pub description: Option<Description>,
    /// What one piece costs.
    pub price: Money,
    /// Whether it can be ordered.
    pub status: ProductStatus,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Identified for Product {
    const PREFIX: &'static str = "prd";
}

impl Product {
    /// Whether `actor` sells it.
    #[must_use]
    pub fn is_sold_by(&self, actor: &Actor) -> bool {
        self.seller_id == actor.user
    }
}

/// Whether a product can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProductStatus {
    /// It can.
    Active,
    /// It is no longer sold.
    Archived,
}

/// How many pieces of a product there are, by what became of them.
///
/// Apart from the [`Product`] and without a version: its counters move by differences, each on the condition that
/// none falls below zero, so that buyers of one product do not get into each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stock {
    /// Can be reserved.
    pub available: i64,
    /// Held for orders that are not confirmed yet.
    pub reserved: i64,
    /// In confirmed orders.
    pub sold: i64,
}

impl Stock {
    /// Moves pieces from one counter to another.
    pub(super) fn transfer(from: &'static str, to: &'static str, quantity: Quantity) -> Adjustment {
        let pieces = i64::from(quantity);
        Adjustment::of::<Self>().add(from, -pieces).add(to, pieces)
    }
}

/// The claim of a product on its SKU within a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkuClaim {
    /// Whose SKU it is.
    pub product_id: ProductId,
}

/// What finds a [`SkuClaim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuInMarket {
    /// The market.
    pub market_id: MarketId,
    /// The SKU.
    pub sku: Sku,
}

/// What others hear of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ProductEvent {
    /// A product was listed or changed.
    #[serde(rename = "product.changed", rename_all = "camelCase")]
    Changed {
        /// Which.
        product_id: ProductId,
        /// Whose.
        market_id: MarketId,
    },
    /// A product was removed.
    #[serde(rename = "product.deleted", rename_all = "camelCase")]
    Deleted {
        /// Which.
        product_id: ProductId,
        /// Whose.
        market_id: MarketId,
    },
}

impl ProductEvent {
    /// The product that it is about.
    #[must_use]
    pub const fn product_id(&self) -> ProductId {
        match self {
            Self::Changed { product_id, .. } | Self::Deleted { product_id, .. } => *product_id,
        }
    }
}

impl Event for ProductEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "product.changed",
            Self::Deleted { .. } => "product.deleted",
        }
    }
}
