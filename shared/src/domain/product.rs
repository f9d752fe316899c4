//! Products of a market and their stock.

pub mod adjust_stock;
pub mod create;
pub mod delete;
pub mod summary;
pub mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use super::market::MarketId;
use super::market::settings::tax::TaxClass;
use super::user::UserId;
use crate::domain::values::actor::Actor;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::text::{Description, Sku, Title};
use crate::domain::values::unknown_value::UnknownValue;
use crate::kit::command::{Adjustment, Event, Version};
use crate::kit::system::clock::Timestamp;

/// Id of a [`Product`].
pub type ProductId = Id<Product>;

/// Product of a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Id of the product.
    pub id: ProductId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Id of the market.
    pub market_id: MarketId,
    /// Seller: the creator of the market.
    pub seller_id: UserId,
    /// SKU assigned by the seller; unique in the market.
    pub sku: Sku,
    /// Title.
    pub title: Title,
    /// Description.
    pub description: Option<Description>,
    /// Price per unit.
    pub price: Money,
    /// Tax class.
    #[serde(default)]
    pub tax_class: TaxClass,
    /// True if the product is shipped; false if it is digital or a service.
    #[serde(default = "is_shipped")]
    pub requires_shipping: bool,
    /// Status, which determines whether the product can be ordered.
    pub status: ProductStatus,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Value of `requires_shipping` in products of earlier versions.
const fn is_shipped() -> bool {
    true
}

impl Identified for Product {
    const PREFIX: &'static str = "prd";
    const NOUN: &'static str = "product";
}

impl Product {
    /// Returns true if `actor` is the seller.
    #[must_use]
    pub fn is_sold_by(&self, actor: &Actor) -> bool {
        self.seller_id == actor.user
    }
}

/// Status of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum ProductStatus {
    /// The product can be ordered.
    Active,
    /// The product is no longer for sale.
    Archived,
}

/// Number of units of a product in each stock position.
///
/// Stored separately from [`Product`] and without a version. Its counters change by relative amounts, on the
/// condition that no counter becomes negative, so that concurrent orders of one product do not conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stock {
    /// Available for orders.
    pub available: i64,
    /// Reserved for orders that are not confirmed yet.
    pub reserved: i64,
    /// Sold in confirmed orders.
    pub sold: i64,
}

impl Stock {
    /// Moves units from one counter to another.
    pub(super) fn transfer(from: &'static str, to: &'static str, quantity: Quantity) -> Adjustment {
        let units = i64::from(quantity);
        Adjustment::of::<Self>().add(from, -units).add(to, units)
    }
}

/// Claim of a product on its SKU within a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkuClaim {
    /// Id of the product.
    pub product_id: ProductId,
}

/// Key of a [`SkuClaim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuKey {
    /// Id of the market.
    pub market_id: MarketId,
    /// SKU.
    pub sku: Sku,
}

/// Event of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum ProductEvent {
    /// A product was created or changed.
    #[serde(rename = "product.changed", rename_all = "camelCase")]
    Changed {
        /// Id of the product.
        product_id: ProductId,
        /// Id of the market.
        market_id: MarketId,
    },
    /// A product was deleted.
    #[serde(rename = "product.deleted", rename_all = "camelCase")]
    Deleted {
        /// Id of the product.
        product_id: ProductId,
        /// Id of the market.
        market_id: MarketId,
    },
}

impl ProductEvent {
    /// Id of the product.
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

    fn scope(&self) -> Option<String> {
        match self {
            Self::Changed { market_id, .. } | Self::Deleted { market_id, .. } => Some(market_id.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, STRANGER, actor, assert_names_are_types, product};

    #[test]
    fn product_is_sold_by_its_seller_only() {
        assert!(product().is_sold_by(&actor(SELLER)) && !product().is_sold_by(&actor(STRANGER)));
    }

    #[test]
    fn transfer_keeps_the_number_of_units() {
        let moved = Stock::transfer("available", "sold", Quantity::try_from(3).unwrap());
        assert_eq!(moved, Adjustment::of::<Stock>().add("available", -3).add("sold", 3));
    }

    #[test]
    fn event_names_match_serialised_types() {
        let (product_id, market_id) = (product().id, product().market_id);
        assert_names_are_types([
            ProductEvent::Changed { product_id, market_id },
            ProductEvent::Deleted { product_id, market_id },
        ]);
    }
}
