//! Who wants what: the people of a schedule, and what they do.

use std::fmt;
use std::time::Duration;

use shared::domain::market::MarketId;
use shared::domain::product::ProductId;
use shared::domain::user::Role;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;

use crate::rng::Random;
use crate::template_config::PAYMENT_WINDOW;

/// What one piece costs, in cents.
pub const PRICE: i64 = 1_999;

/// A schedule's people and what they are about to do. When they do it, the scheduler decides.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// How many pieces there are.
    pub stock: i64,
    /// Who buys; each places one order.
    pub buyers: Vec<Buyer>,
    /// What is done, beside what happens by itself.
    pub deeds: Vec<UserAction>,
    /// How often the sweeper runs while all of that goes on.
    pub ticks: u32,
    /// How much time passes at once in between, if any does.
    pub long_pause: Option<Duration>,
}

/// Somebody who buys.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// How many pieces.
    pub quantity: i64,
    /// What it is charged to; without it, the order waits for its payment.
    pub method: Option<&'static str>,
}

/// Something that somebody does to the order of a buyer, whose place it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAction {
    /// The buyer places it, under the one key of theirs.
    Place(usize),
    /// The buyer cancels.
    CancelAsBuyer(usize),
    /// The seller cancels.
    CancelAsSeller(usize),
    /// The seller gives so many cents back, under a key of its own; all that is left, if none.
    Refund(usize, Option<i64>),
    /// The seller ships.
    Ship(usize),
    /// The seller says that it arrived.
    Deliver(usize),
    /// The buyer pays at the gateway with a card that is declined.
    PayDeclined(usize),
    /// The buyer pays at the gateway.
    Pay(usize),
}

impl UserAction {
    /// Whose order it is about.
    #[must_use]
    pub const fn buyer(self) -> usize {
        match self {
            Self::Place(buyer)
            | Self::CancelAsBuyer(buyer)
            | Self::CancelAsSeller(buyer)
            | Self::Refund(buyer, _)
            | Self::Ship(buyer)
            | Self::Deliver(buyer)
            | Self::PayDeclined(buyer)
            | Self::Pay(buyer) => buyer,
        }
    }
}

impl Scenario {
    /// As `random` has it.
    pub fn of(random: &mut Random) -> Self {
        let buyers: Vec<Buyer> = (0..random.one_of(&[1, 1, 2, 2, 3])).map(|_| Buyer::of(random)).collect();
        let mut deeds = Vec::new();
        for (place, buyer) in buyers.iter().enumerate() {
            deeds.extend(deeds_of(place, buyer, random));
        }
        let (window, day) = (PAYMENT_WINDOW, Duration::from_hours(24));
        let long_pause = random.one_of(&[None, None, None, Some(window), Some(window), Some(day)]);
        let ticks = random.one_of(&[0, 0, 1, 2]).max(u32::from(long_pause.is_some()));
        Self { stock: random.one_of(&[1, 2, 3, 4, 6]), buyers, deeds, ticks, long_pause }
    }
}

impl Buyer {
    fn of(random: &mut Random) -> Self {
        let quantity = random.one_of(&[1, 1, 2]);
        let methods = [
            Some("pm_card_visa"),
            Some("pm_card_visa"),
            Some("pm_card_visa"),
            Some("pm_card_chargeDeclined"),
            Some("pm_card_authenticationRequired"),
            None,
            None,
            None,
        ];
        Self { quantity, method: random.one_of(&methods) }
    }
}

/// What is done to the order of one buyer.
fn deeds_of(place: usize, buyer: &Buyer, random: &mut Random) -> Vec<UserAction> {
    let half = buyer.quantity * PRICE / 2;
    let possible = [
        (UserAction::Place(place), 100),
        (UserAction::Place(place), 30),
        (UserAction::PayDeclined(place), if buyer.method.is_none() { 25 } else { 0 }),
        (UserAction::Pay(place), if buyer.method.is_none() { 75 } else { 0 }),
        (UserAction::CancelAsBuyer(place), 30),
        (UserAction::CancelAsSeller(place), 15),
        (UserAction::Refund(place, Some(half)), 25),
        (UserAction::Refund(place, None), 15),
        (UserAction::Ship(place), 30),
        (UserAction::Deliver(place), 15),
    ];
    let chosen = possible.into_iter().filter(|(_, percent)| random.percent(*percent));
    chosen.map(|(deed, _)| deed).collect()
}

/// Who buys at this place.
#[must_use]
pub fn buyer(place: usize) -> Actor {
    let digest = 1_000 + u128::try_from(place).unwrap_or_default();
    Actor { user: Id::of_digest(digest), role: Role::User }
}

/// Who sells.
#[must_use]
pub fn seller() -> Actor {
    Actor { user: Id::of_digest(1), role: Role::User }
}

/// The seller's market.
#[must_use]
pub fn market() -> MarketId {
    Id::of_digest(2)
}

/// What is sold.
#[must_use]
pub fn product() -> ProductId {
    Id::of_digest(3)
}

impl fmt::Display for UserAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(buyer) => write!(f, "buyer {buyer} places"),
            Self::CancelAsBuyer(buyer) => write!(f, "buyer {buyer} cancels"),
            Self::CancelAsSeller(buyer) => write!(f, "seller cancels {buyer}'s"),
            Self::Refund(buyer, Some(amount)) => write!(f, "seller refunds {amount} of {buyer}'s"),
            Self::Refund(buyer, None) => write!(f, "seller refunds the rest of {buyer}'s"),
            Self::Ship(buyer) => write!(f, "seller ships {buyer}'s"),
            Self::Deliver(buyer) => write!(f, "seller delivered {buyer}'s"),
            Self::PayDeclined(buyer) => write!(f, "buyer {buyer} pays in vain"),
            Self::Pay(buyer) => write!(f, "buyer {buyer} pays"),
        }
    }
}
