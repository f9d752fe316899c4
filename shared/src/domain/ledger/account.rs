//! Accounts of the ledger.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

/// Account of the ledger, in each currency. Balances are debit positive: what the marketplace has is above zero,
/// what it owes or has earned is below zero.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    Display,
    VariantArray,
)]
pub enum Account {
    /// Money that the payment gateway holds for the marketplace.
    #[serde(rename = "gateway")]
    #[strum(serialize = "gateway")]
    Gateway,
    /// Commission that the marketplace has earned.
    #[serde(rename = "platform:commission")]
    #[strum(serialize = "platform:commission")]
    Commission,
    /// Money that is to be refunded to buyers.
    #[serde(rename = "refunds:owed")]
    #[strum(serialize = "refunds:owed")]
    RefundsOwed,
    /// Money of a market's seller from orders that are not delivered yet.
    #[serde(rename = "seller:pending")]
    #[strum(serialize = "seller:pending")]
    SellerPending,
    /// Money of a market's seller from delivered orders.
    #[serde(rename = "seller:available")]
    #[strum(serialize = "seller:available")]
    SellerAvailable,
}
