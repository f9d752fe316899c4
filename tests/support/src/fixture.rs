//! Sample data on an embedded table: users, a market and a product, created by domain commands.
//!
//! The ids are those that the events under `events/` refer to.

mod damage;
mod dead_letters;
mod jobs;
mod manual_clock;
mod marketplace;
mod orders;
mod outbox;
mod payments;
mod products;
mod write;

use shared::domain::product::Stock;
use shared::domain::user::Role;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::{Id, Identified};
use shared::domain::values::money::{Amount, Money};
use shared::kit::command::{CommandContext, CorrelationId};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};

pub use dead_letters::dead_letter;
pub use jobs::sales_report;
pub use manual_clock::ManualClock;
pub(crate) use marketplace::bearer_token;
pub use marketplace::{Marketplace, create_market};
pub use orders::{gateway_refund, shipping_address};
pub use products::products_of;

/// Id of the buyer.
pub const BUYER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRB";
/// Id of the seller.
pub const SELLER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Id of a user who is neither buyer nor seller.
pub const STRANGER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRX";
/// Id of the moderator.
pub const MODERATOR: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRM";
/// Id of an administrator, who is not one of the sample users.
pub const ADMIN: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRA";
/// Id of the seller's market.
pub const MARKET: &str = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Id of a product of the market: ten mugs at 19.99 EUR each.
pub const PRODUCT: &str = "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Id of the buyer's order of two mugs.
pub const ORDER: &str = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// Parses an id.
///
/// # Panics
/// If `text` is not an id of this type.
#[must_use]
pub fn id<T: Identified>(text: &str) -> Id<T> {
    text.parse().expect("the id is well-formed")
}

/// Generates an id.
#[must_use]
pub fn new_id<T: Identified>() -> Id<T> {
    Id::generate(SystemClock.now(), &SystemEntropy)
}

/// Actor with this user id and role.
#[must_use]
pub fn actor(user: &str, role: Role) -> Actor {
    Actor { user: id(user), role }
}

/// The buyer.
#[must_use]
pub fn buyer() -> Actor {
    actor(BUYER, Role::User)
}

/// The seller.
#[must_use]
pub fn seller() -> Actor {
    actor(SELLER, Role::User)
}

/// A user who is neither buyer nor seller.
#[must_use]
pub fn stranger() -> Actor {
    actor(STRANGER, Role::User)
}

/// The moderator.
#[must_use]
pub fn moderator() -> Actor {
    actor(MODERATOR, Role::Moderator)
}

/// An administrator, who is not one of the sample users.
#[must_use]
pub fn admin() -> Actor {
    actor(ADMIN, Role::Admin)
}

/// Quantities of a product.
#[must_use]
pub fn stock(available: i64, reserved: i64, sold: i64) -> Stock {
    Stock { available, reserved, sold }
}

/// An amount in euro cents.
///
/// # Panics
/// If the amount is out of bounds.
#[must_use]
pub fn cents(amount: i64) -> Money {
    let amount = Amount::try_from(amount).expect("the amount is within bounds");
    Money::new(amount, "EUR".parse().expect("the euro is a currency"))
}

/// Context of a command at the time `at`, with a constant correlation id.
///
/// # Panics
/// Never.
#[must_use]
pub fn test_context(at: Timestamp) -> CommandContext {
    let correlation = CorrelationId::try_from("a-test".to_owned());
    CommandContext::new(correlation.expect("the correlation id is well-formed"), at)
}
