//! The entities that are counted, and how they change.

use std::time::Duration;

use crate::domain::market::{Market, MarketStatus};
use crate::domain::order::tests::{NOW, placed};
use crate::domain::order::{Order, OrderStatus, Party, Transition};
use crate::domain::payment::{Capture, GatewayId, Payment};
use crate::domain::product::{Product, ProductStatus};
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::session::SessionEpoch;
use crate::domain::user::{Role, User, UserStatus};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::{Entity, Item, Key, Version};
use crate::kit::system::clock::Timestamp;

/// How many entities there are: an account, a product, two markets, two orders. Few, so that much happens to each.
pub(super) const THINGS: usize = 6;

/// An entity; an order with what was paid for it.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    User(User),
    Market(Market),
    Product(Product),
    Order(Box<Order>, Option<Payment>),
}

pub(super) fn id<T: Identified>(number: usize) -> Id<T> {
    Id::of_digest(number as u128)
}

fn euros(amount: i64) -> Money {
    Money::new(Amount::try_from(amount).unwrap(), "EUR".parse().unwrap())
}

/// The entity with this number, as it is at first.
pub(super) fn thing(which: usize) -> Thing {
    match which {
        0 => Thing::User(user()),
        1 => Thing::Product(product()),
        2 | 3 => Thing::Market(market(id(which))),
        _ => {
            let order = Order { id: id(which), market_id: id(2 + which % 2), ..placed(None) };
            Thing::Order(Box::new(order), None)
        }
    }
}

fn user() -> User {
    let now = Timestamp::from_millis(NOW);
    User {
        id: id(0),
        version: Version::FIRST,
        email: "ada@example.com".parse().unwrap(),
        email_verified: true,
        name: "Ada".parse().unwrap(),
        role: Role::User,
        status: UserStatus::Active,
        session_epoch: SessionEpoch::default(),
        created_at: now,
        updated_at: now,
    }
}

fn product() -> Product {
    let now = Timestamp::from_millis(NOW);
    Product {
        id: id(1),
        version: Version::FIRST,
        market_id: id(2),
        seller_id: id(0),
        sku: "MUG-1".parse().unwrap(),
        title: "Mug".parse().unwrap(),
        description: None,
        price: euros(1_999),
        status: ProductStatus::Active,
        created_at: now,
        updated_at: now,
    }
}

fn market(id: Id<Market>) -> Market {
    let now = Timestamp::from_millis(NOW);
    Market {
        id,
        version: Version::FIRST,
        name: "Mugs".parse().unwrap(),
        description: None,
        status: MarketStatus::Active,
        currency: "EUR".parse().unwrap(),
        creator_id: self::id(0),
        created_at: now,
        updated_at: now,
    }
}

impl Thing {
    /// The next version, and how it differs.
    pub(super) fn change(&mut self, how: usize) {
        match self {
            Self::User(user) => {
                user.version = user.version.next();
                user.role = Role::ALL[how % Role::ALL.len()];
                user.status = UserStatus::ALL[how / 3 % UserStatus::ALL.len()];
            }
            Self::Market(market) => {
                market.version = market.version.next();
                market.status = MarketStatus::ALL[how % MarketStatus::ALL.len()];
            }
            Self::Product(product) => product.version = product.version.next(),
            Self::Order(order, payment) => {
                order.version = order.version.next();
                match (how % 3, payment.is_some()) {
                    (0, false) => *payment = Some(confirm(order, how)),
                    (0, true) => repay(order, "pi_own", 100),
                    (1, true) => repay(order, "pi_other", 1_000),
                    _ => order.status = OrderStatus::ALL[how / 3 % OrderStatus::ALL.len()],
                }
            }
        }
    }

    /// The items that it is.
    pub(super) fn items(&self) -> Vec<(Key, Item)> {
        fn item<R: Entity>(entity: &R) -> (Key, Item) {
            (R::key(entity.id()), serde_dynamo::to_item(entity).unwrap())
        }
        match self {
            Self::User(user) => vec![item(user)],
            Self::Market(market) => vec![item(market)],
            Self::Product(product) => vec![item(product)],
            Self::Order(order, payment) => {
                std::iter::once(item(&**order)).chain(payment.as_ref().map(item)).collect()
            }
        }
    }
}

fn confirm(order: &mut Order, how: usize) -> Payment {
    order.status = OrderStatus::Confirmed;
    let at = Timestamp::from_millis(NOW).saturating_add(Duration::from_hours(24 * (how as u64 % 2)));
    order.timeline.push(Transition { status: order.status, at, by: Party::System, reason: None });
    let capture = Capture { gateway_id: GatewayId("pi_own".to_owned()), amount: order.total };
    Payment::captured(order.id, &capture, at)
}

fn repay(order: &mut Order, gateway_id: &str, amount: i64) {
    let at = Timestamp::from_millis(NOW);
    order.refunds.push(Refund {
        number: 1,
        gateway_id: GatewayId(gateway_id.to_owned()),
        amount: euros(amount),
        by: Party::Seller,
        reason: String::new(),
        status: RefundStatus::Succeeded,
        failure: None,
        attempt: 1,
        decided_at: at,
        at,
    });
}
