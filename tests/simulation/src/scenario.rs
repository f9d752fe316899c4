//! Users of a schedule and their actions.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use shared::domain::market::MarketId;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::ProductId;
use shared::domain::product::create::NewProduct;
use shared::domain::user::Role;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::{Amount, Money};

use crate::rng::{one_of, percent};
use crate::template_config::PAYMENT_WINDOW;

/// Unit price in cents.
pub const PRICE: i64 = 1_999;

/// Users of a schedule and their actions. The scheduler decides when each action starts.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Initial stock.
    pub stock: i64,
    /// Buyers; each places one order.
    pub buyers: Vec<Buyer>,
    /// Actions of users.
    pub actions: Vec<UserAction>,
    /// Number of sweeper runs before the end.
    pub ticks: u32,
    /// Time that passes at once, if any.
    pub long_pause: Option<Duration>,
}

/// A buyer.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// Ordered quantity.
    pub quantity: i64,
    /// Payment method; without one, the order waits for its payment.
    pub method: Option<&'static str>,
}

/// An action on the order of the buyer with this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAction {
    /// The buyer places the order with the same idempotency key each time.
    Place(usize),
    /// The buyer cancels.
    CancelAsBuyer(usize),
    /// The seller cancels.
    CancelAsSeller(usize),
    /// The seller refunds a part of the order with a key of its own.
    Refund(usize, RefundedPart),
    /// The seller ships.
    Ship(usize),
    /// The seller marks the order as delivered.
    Deliver(usize),
    /// The buyer pays at the gateway with a card that is declined.
    PayDeclined(usize),
    /// The buyer pays at the gateway.
    Pay(usize),
}

impl UserAction {
    /// Index of the buyer.
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
    /// Draws a scenario.
    pub fn of(rng: &mut Rng) -> Self {
        let buyers: Vec<Buyer> = (0..one_of(rng, &[1, 1, 2, 2, 3])).map(|_| Buyer::of(rng)).collect();
        let mut actions = Vec::new();
        for (index, buyer) in buyers.iter().enumerate() {
            actions.extend(actions_of(index, buyer, rng));
        }
        let (window, day) = (PAYMENT_WINDOW, Duration::from_hours(24));
        let long_pause = one_of(rng, &[None, None, None, Some(window), Some(window), Some(day)]);
        let ticks = one_of(rng, &[0, 0, 1, 2]).max(u32::from(long_pause.is_some()));
        Self { stock: one_of(rng, &[1, 2, 3, 4, 6]), buyers, actions, ticks, long_pause }
    }
}

impl Buyer {
    fn of(rng: &mut Rng) -> Self {
        let quantity = one_of(rng, &[1, 1, 2]);
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
        Self { quantity, method: one_of(rng, &methods) }
    }

    /// Returns true if the order waits for an action of the buyer at the gateway.
    fn pays_online(&self) -> bool {
        matches!(self.method, None | Some("pm_card_authenticationRequired"))
    }
}

/// Part of an order that the seller refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundedPart {
    /// An amount in cents.
    Amount(i64),
    /// One unit.
    Unit,
    /// The rest.
    Rest,
}

impl fmt::Display for RefundedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => write!(f, "{amount}"),
            Self::Unit => f.write_str("one unit"),
            Self::Rest => f.write_str("the rest"),
        }
    }
}

/// Draws the actions on the order of a buyer.
fn actions_of(index: usize, buyer: &Buyer, rng: &mut Rng) -> Vec<UserAction> {
    let half = buyer.quantity * PRICE / 2;
    let possible = [
        (UserAction::Place(index), 100),
        (UserAction::Place(index), 30),
        (UserAction::PayDeclined(index), if buyer.pays_online() { 25 } else { 0 }),
        (UserAction::Pay(index), if buyer.pays_online() { 75 } else { 0 }),
        (UserAction::CancelAsBuyer(index), 30),
        (UserAction::CancelAsSeller(index), 15),
        (UserAction::Refund(index, RefundedPart::Amount(half)), 15),
        (UserAction::Refund(index, RefundedPart::Unit), 20),
        (UserAction::Refund(index, RefundedPart::Rest), 15),
        (UserAction::Ship(index), 30),
        (UserAction::Deliver(index), 15),
    ];
    let chosen = possible.into_iter().filter(|(_, probability)| percent(rng, *probability));
    chosen.map(|(action, _)| action).collect()
}

/// Buyer with this index.
#[must_use]
pub fn buyer(index: usize) -> Actor {
    let digest = 1_000 + u128::try_from(index).unwrap_or_default();
    Actor { user: Id::of_digest(digest), role: Role::User }
}

/// The seller.
#[must_use]
pub fn seller() -> Actor {
    Actor { user: Id::of_digest(1), role: Role::User }
}

/// The seller's market.
#[must_use]
pub fn market() -> MarketId {
    Id::of_digest(2)
}

/// The product.
#[must_use]
pub fn product() -> ProductId {
    Id::of_digest(3)
}

/// A price in euro cents.
///
/// # Panics
/// If the amount is out of bounds.
#[must_use]
pub fn cents(amount: i64) -> Money {
    let amount = Amount::try_from(amount).expect("the amount is within bounds");
    Money::new(amount, "EUR".parse().expect("the euro is a currency"))
}

/// Command that creates the seller's market with the product in this stock.
///
/// # Panics
/// If a constant does not parse.
#[must_use]
pub fn create_market(stock: i64) -> CreateMarket {
    let product = NewProduct {
        id: product(),
        sku: "MUG-1".parse().expect("the SKU is well-formed"),
        title: "Mug".parse().expect("the title is well-formed"),
        description: None,
        price: cents(PRICE),
        tax_class: TaxClass::Standard,
        requires_shipping: true,
        stock,
    };
    CreateMarket {
        id: market(),
        by: seller(),
        name: "Mugs".parse().expect("the name is well-formed"),
        description: None,
        currency: "EUR".parse().expect("the euro is a currency"),
        status: InitialStatus::Active,
        products: vec![product],
    }
}

impl fmt::Display for UserAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(buyer) => write!(f, "buyer {buyer} places the order"),
            Self::CancelAsBuyer(buyer) => write!(f, "buyer {buyer} cancels"),
            Self::CancelAsSeller(buyer) => write!(f, "seller cancels order of buyer {buyer}"),
            Self::Refund(buyer, part) => write!(f, "seller refunds {part} to buyer {buyer}"),
            Self::Ship(buyer) => write!(f, "seller ships order of buyer {buyer}"),
            Self::Deliver(buyer) => write!(f, "seller delivers order of buyer {buyer}"),
            Self::PayDeclined(buyer) => write!(f, "buyer {buyer} pays with a declined card"),
            Self::Pay(buyer) => write!(f, "buyer {buyer} pays"),
        }
    }
}
