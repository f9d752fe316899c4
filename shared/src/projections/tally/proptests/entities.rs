//! Entities under test and their changes.

use std::time::Duration;

use strum::VariantArray as _;

use crate::domain::market::{Market, MarketStatus};
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::payment::{Capture, GatewayId, Payment};
use crate::domain::order::tests::{NOW, placed};
use crate::domain::order::{Order, OrderStatus, Party, Transition};
use crate::domain::product::{Product, ProductStatus};
use crate::domain::user::SessionEpoch;
use crate::domain::user::notifications::Notifications;
use crate::domain::user::{Role, User, UserStatus};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::{Entity, Item, Key, Version};
use crate::kit::system::clock::Timestamp;

/// Number of entities: an account, a product, two markets, two orders. Few, so that each changes often.
pub(super) const ENTITIES: usize = 6;

/// Entity under test; an order includes its payment.
#[derive(Debug, Clone)]
pub(super) enum TestEntity {
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

/// Initial version of the entity with this number.
pub(super) fn new_entity(which: usize) -> TestEntity {
    match which {
        0 => TestEntity::User(user()),
        1 => TestEntity::Product(product()),
        2 | 3 => TestEntity::Market(market(id(which))),
        _ => {
            let order = Order { id: id(which), market_id: id(2 + which % 2), ..placed(None) };
            TestEntity::Order(Box::new(order), None)
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
        pending_email: None,
        name: "Ada".parse().unwrap(),
        role: Role::User,
        status: UserStatus::Active,
        session_epoch: SessionEpoch::default(),
        notifications: Notifications::default(),
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
        tax_class: crate::domain::market::settings::tax::TaxClass::Standard,
        requires_shipping: true,
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

impl TestEntity {
    /// Changes the entity to its next version, in one of several variants.
    pub(super) fn change(&mut self, variant: usize) {
        match self {
            Self::User(user) => {
                user.version = user.version.next();
                user.role = Role::VARIANTS[variant % Role::VARIANTS.len()];
                user.status = UserStatus::VARIANTS[variant / 3 % UserStatus::VARIANTS.len()];
            }
            Self::Market(market) => {
                market.version = market.version.next();
                market.status = MarketStatus::VARIANTS[variant % MarketStatus::VARIANTS.len()];
            }
            Self::Product(product) => product.version = product.version.next(),
            Self::Order(order, payment) => {
                order.version = order.version.next();
                match (variant % 3, payment.is_some()) {
                    (0, false) => *payment = Some(confirm(order, variant)),
                    (0, true) => refund(order, "pi_own", 100),
                    (1, true) => refund(order, "pi_other", 1_000),
                    _ => order.status = OrderStatus::VARIANTS[variant / 3 % OrderStatus::VARIANTS.len()],
                }
            }
        }
    }

    /// Items of the entity.
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

fn confirm(order: &mut Order, variant: usize) -> Payment {
    order.status = OrderStatus::Confirmed;
    order.payment_id = Some(Payment::id_for(order.id));
    let at = Timestamp::from_millis(NOW).saturating_add(Duration::from_hours(24 * (variant as u64 % 2)));
    order.timeline.push(Transition { status: order.status, at, by: Party::System, reason: None });
    let capture = Capture { gateway_id: GatewayId("pi_own".to_owned()), amount: order.total() };
    Payment::captured(order.id, &capture, at)
}

fn refund(order: &mut Order, gateway_id: &str, amount: i64) {
    let at = Timestamp::from_millis(NOW);
    order.refunds.push(Refund {
        number: 1,
        gateway_id: GatewayId(gateway_id.to_owned()),
        amount: euros(amount),
        lines: Vec::new(),
        by: Party::Seller,
        reason: String::new(),
        status: RefundStatus::Succeeded,
        failure: None,
        failed_after: None,
        commission: None,
        refund_id: None,
        attempt: 1,
        decided_at: at,
        at,
    });
}
