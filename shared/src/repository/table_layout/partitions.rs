//! Partitions of the indexes: one per list or shard.

use crate::domain::job::{JobId, JobStatus};
use crate::domain::ledger::reconciliation::discrepancy::DiscrepancyStatus;
use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::OrderId;
use crate::domain::product::ProductStatus;
use crate::domain::user::{Role, UserId, UserStatus};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::text::Text;
use crate::kit::system::shard::shard_of;
use crate::messaging::dead_letter::DeadLetterStatus;
use crate::messaging::event_routing::Subscriber;

/// Number of shards of the orders that await their payment.
pub const EXPIRY_SHARDS: u32 = 8;

/// Partition of the markets of a status.
#[must_use]
pub fn markets(status: MarketStatus) -> String {
    format!("markets#{status}")
}

/// Partition of the markets of a creator.
#[must_use]
pub fn markets_of(creator: UserId) -> String {
    format!("user#{creator}#markets")
}

/// Partition of the totals of the markets of a status, sorted by volume.
#[must_use]
pub fn markets_by_volume(status: MarketStatus) -> String {
    format!("markets#{status}#volume")
}

/// Sort value by an amount, then by id. Amounts are zero-padded, so that they sort as text.
#[must_use]
pub fn amount_sort<T: Identified>(amount: i64, id: Id<T>) -> String {
    format!("{:019}#{id}", amount.max(0))
}

/// First and last sort value of the amounts from `min` to `max`, both inclusive.
#[must_use]
pub fn amount_bounds(min: i64, max: i64) -> (String, String) {
    (format!("{min:019}#"), format!("{max:019}#~"))
}

/// Partition of the accounts of a role and a status.
#[must_use]
pub fn accounts(role: Role, status: UserStatus) -> String {
    format!("accounts#{role}#{status}")
}

/// Maximum number of bytes of a name in a sort value; only normalisation can make a name longer. DynamoDB
/// limits sort keys to 1,024 bytes.
const MAX_NAME_SORT_BYTES: usize = 400;

/// Sort value by name, ignoring case, then by id. Names do not contain the separator.
#[must_use]
pub fn name_sort<const MAX: usize>(name: &Text<MAX>, id: &str) -> String {
    let folded = name.case_folded();
    format!("{}\u{0}{id}", &folded[..folded.floor_char_boundary(MAX_NAME_SORT_BYTES)])
}

/// Partition of the products of a market with a status.
#[must_use]
pub fn products_in(market: MarketId, status: ProductStatus) -> String {
    format!("market#{market}#products#{status}")
}

/// Partition of the orders of a buyer.
#[must_use]
pub fn orders_of(buyer: UserId) -> String {
    format!("user#{buyer}#orders")
}

/// Number of shards of the orders of a market. An index partition takes 1,000 writes per second, and an order
/// is written about five times, so that a market can take about 800 orders per second.
pub const MARKET_SHARDS: u32 = 4;

/// List of all orders of a market.
#[must_use]
pub fn orders_in(market: MarketId) -> String {
    format!("market#{market}#orders")
}

/// Partition of the orders of a market in a shard.
#[must_use]
pub fn orders_in_shard(market: MarketId, shard: u32) -> String {
    format!("market#{market}#orders#{shard}")
}

/// Partition of an order in its market.
#[must_use]
pub fn order_in(market: MarketId, order: OrderId) -> String {
    orders_in_shard(market, shard_of(&order.to_string(), MARKET_SHARDS))
}

/// Partition of the journal entries of a market in a shard, sorted by time.
#[must_use]
pub fn entries_in_shard(market: MarketId, shard: u32) -> String {
    format!("market#{market}#entries#{shard}")
}

/// Partition of the journal entries of an order.
#[must_use]
pub fn entries_of(market: MarketId, order: OrderId) -> String {
    entries_in_shard(market, shard_of(&order.to_string(), MARKET_SHARDS))
}

/// Partition of the journal entries of a market and shard with money of the seller that is not paid out, sorted by the
/// time since when it is earned.
#[must_use]
pub fn unclaimed_entries(market: MarketId, shard: u32) -> String {
    format!("market#{market}#unclaimed#{shard}")
}

/// Partition of the unclaimed journal entries of an order.
#[must_use]
pub fn unclaimed_entries_of(market: MarketId, order: OrderId) -> String {
    unclaimed_entries(market, shard_of(&order.to_string(), MARKET_SHARDS))
}

/// Partition of the orders of a shard that await their payment, sorted by expiry.
#[must_use]
pub fn expiring_orders(shard: u32) -> String {
    format!("orders#expiring#{shard}")
}

/// Partition of the orders whose refunds are to be compared with the gateway, sorted by that time. It has no
/// shards, because few orders are refunded.
pub const REFUND_CHECKS: &str = "orders#refund-checks";

/// Shard of an order that awaits its payment.
#[must_use]
pub fn expiry_shard(order: OrderId) -> u32 {
    shard_of(&order.to_string(), EXPIRY_SHARDS)
}

/// Partition of the orders of a shard whose saga has a step to execute, sorted by the time at which they are
/// examined. Its name is short, because each of these orders contains it: most are slightly smaller than
/// 1 KB, above which a write costs another unit.
#[must_use]
pub fn unfinished_orders(shard: u32) -> String {
    format!("resume#{shard}")
}

/// Partition of the delivery addresses of a shard of the orders, sorted by the time at which they are examined.
#[must_use]
pub fn addresses(shard: u32) -> String {
    format!("addresses#{shard}")
}

/// Partition of the dead letters of a queue and a status.
#[must_use]
pub fn dead_letters(queue: Subscriber, status: DeadLetterStatus) -> String {
    format!("dead-letters#{queue}#{status}")
}

/// Partition of the discrepancies of a status.
#[must_use]
pub fn discrepancies(status: DiscrepancyStatus) -> String {
    format!("discrepancies#{status}")
}

/// Partition of the open discrepancies, sorted by the last check.
pub const OPEN_DISCREPANCIES: &str = "discrepancies#open";

/// Partition of the jobs of a user.
#[must_use]
pub fn jobs_of(owner: UserId) -> String {
    format!("user#{owner}#jobs")
}

/// Partition of the jobs of a user with a status.
#[must_use]
pub fn jobs_in(owner: UserId, status: JobStatus) -> String {
    format!("{}#{status}", jobs_of(owner))
}

/// Number of shards of the scheduled jobs.
pub const DUE_JOB_SHARDS: u32 = 4;

/// Partition of the scheduled jobs of a shard, sorted by their time.
#[must_use]
pub fn due_jobs(shard: u32) -> String {
    format!("jobs#due#{shard}")
}

/// Partition of the requested jobs of a shard that have not ended, sorted by the time at which they are
/// examined.
#[must_use]
pub fn unfinished_jobs(shard: u32) -> String {
    format!("jobs#unfinished#{shard}")
}

/// Shard of a scheduled job.
#[must_use]
pub fn due_job_shard(job: JobId) -> u32 {
    shard_of(&job.to_string(), DUE_JOB_SHARDS)
}
