//! The partitions of the indexes: one for each list.

use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::OrderId;
use crate::domain::user::UserId;
use crate::dynamodb::schema::shard_of;

/// Over how many partitions the orders that wait for their payment are spread.
pub const EXPIRY_SHARDS: u32 = 8;

/// The markets of a status.
#[must_use]
pub fn markets(status: MarketStatus) -> String {
    format!("markets#{}", status.as_str())
}

/// The products of a market.
#[must_use]
pub fn products_of(market: MarketId) -> String {
    format!("market#{market}#products")
}

/// The orders of a buyer.
#[must_use]
pub fn orders_of(buyer: UserId) -> String {
    format!("user#{buyer}#orders")
}

/// The orders of one shard that wait for their payment, by when they expire.
#[must_use]
pub fn expiring_orders(shard: u32) -> String {
    format!("orders#expiring#{shard}")
}

/// The shard of an order among those that wait for their payment.
#[must_use]
pub fn expiry_shard(order: OrderId) -> u32 {
    shard_of(&order.to_string(), EXPIRY_SHARDS)
}

/// The dead letters of a queue.
#[must_use]
pub fn dead_letters_of(queue: &str) -> String {
    format!("dead-letters#{queue}")
}
