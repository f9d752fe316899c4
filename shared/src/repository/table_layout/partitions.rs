//! The partitions of the indexes: one for each list.

use crate::domain::job::{JobId, JobStatus};
use crate::domain::market::{MarketId, MarketStatus};
use crate::domain::order::OrderId;
use crate::domain::reconciliation::discrepancy::DiscrepancyStatus;
use crate::domain::user::{Role, UserId, UserStatus};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::schema::shard_of;
use crate::messaging::dead_letter::DeadLetterStatus;
use crate::messaging::event_routing::Subscriber;

/// Over how many partitions the orders that wait for their payment are spread.
pub const EXPIRY_SHARDS: u32 = 8;

/// The markets of a status.
#[must_use]
pub fn markets(status: MarketStatus) -> String {
    format!("markets#{}", status.as_str())
}

/// The figures of the markets of a status, in the order of their volumes.
#[must_use]
pub fn markets_by_volume(status: MarketStatus) -> String {
    format!("markets#{}#volume", status.as_str())
}

/// Where a market stands among others in the order of their volumes; those of one volume in the order of their ids. All
/// volumes have the same number of digits, so that the text sorts as they do.
#[must_use]
pub fn volume_sort(volume: i64, market: MarketId) -> String {
    format!("{:019}#{market}", volume.max(0))
}

/// The accounts of a role and a status.
#[must_use]
pub fn accounts(role: Role, status: UserStatus) -> String {
    format!("accounts#{}#{}", role.as_str(), status.as_str())
}

/// How much of a name orders it, in bytes: all of it, unless normalisation has made it longer than any that people
/// write. A sort key holds 1,024.
const NAME_SORT: usize = 400;

/// What begins as `text` does, in whatever case, begins so among names.
#[must_use]
pub fn name_prefix(text: &Name) -> String {
    let folded = text.case_folded();
    folded[..folded.floor_char_boundary(NAME_SORT)].to_owned()
}

/// Where a thing stands among others in the order of their names; things of one name in the order of their ids. No name
/// contains the character between the two, so that none runs into the id.
#[must_use]
pub fn name_sort(name: &Name, id: &str) -> String {
    format!("{}\u{0}{id}", name_prefix(name))
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

/// Over how many partitions the orders of one market are spread. A partition of an index takes 1,000 writes a second, and an
/// order is written about five times on its way: a market can sell some 800 orders a second.
pub const MARKET_SHARDS: u32 = 4;

/// The orders of a market, all of them.
#[must_use]
pub fn orders_in(market: MarketId) -> String {
    format!("market#{market}#orders")
}

/// The orders of a market in one of its shards.
#[must_use]
pub fn orders_in_shard(market: MarketId, shard: u32) -> String {
    format!("market#{market}#orders#{shard}")
}

/// The partition of an order among those of its market.
#[must_use]
pub fn order_in(market: MarketId, order: OrderId) -> String {
    orders_in_shard(market, shard_of(&order.to_string(), MARKET_SHARDS))
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

/// The dead letters of a queue and a status.
#[must_use]
pub fn dead_letters(queue: Subscriber, status: DeadLetterStatus) -> String {
    format!("dead-letters#{}#{}", queue.as_str(), status.as_str())
}

/// Where the books of the payment gateway differ, by what became of it.
#[must_use]
pub fn discrepancies(status: DiscrepancyStatus) -> String {
    format!("discrepancies#{}", status.as_str())
}

/// Where the books of the payment gateway differ, by when that was last looked at.
pub const OPEN_DISCREPANCIES: &str = "discrepancies#open";

/// The jobs of somebody.
#[must_use]
pub fn jobs_of(owner: UserId) -> String {
    format!("user#{owner}#jobs")
}

/// The jobs of somebody that are of a status.
#[must_use]
pub fn jobs_in(owner: UserId, status: JobStatus) -> String {
    format!("{}#{}", jobs_of(owner), status.as_str())
}

/// Over how many partitions the jobs that wait for their time are spread.
pub const DUE_JOB_SHARDS: u32 = 4;

/// The jobs of one shard that wait for their time, by that time.
#[must_use]
pub fn due_jobs(shard: u32) -> String {
    format!("jobs#due#{shard}")
}

/// The shard of a job among those that wait for their time.
#[must_use]
pub fn due_job_shard(job: JobId) -> u32 {
    shard_of(&job.to_string(), DUE_JOB_SHARDS)
}
