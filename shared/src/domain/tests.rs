//! Fixtures of the domain's unit tests, and a view of decided changes.

use crate::domain::market::settings::tax::TaxClass;
use crate::domain::market::{Market, MarketStatus};
use crate::domain::product::{Product, ProductStatus};
use crate::domain::user::notifications::Notifications;
use crate::domain::user::{Role, SessionEpoch, User, UserStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::{Command, Event, Operation, Record, Routing, UncommittedEvent, Version, Write};
use crate::kit::system::clock::Timestamp;

/// Buyer of the order of these tests.
pub(crate) const BUYER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// Seller: creator of the market.
pub(crate) const SELLER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT";
/// User without a relation to the market or the order.
pub(crate) const STRANGER: &str = "usr_01J8Z3K5V0ABCDEFGHJKMNPQRV";

/// Time in milliseconds since the fixtures were created.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

/// Actor with the role `User`.
pub(crate) fn actor(user: &str) -> Actor {
    Actor { user: user.parse().unwrap(), role: Role::User }
}

/// Moderator, who may read everything.
pub(crate) fn moderator() -> Actor {
    Actor { role: Role::Moderator, ..actor(STRANGER) }
}

pub(crate) fn euros(amount: i64) -> Money {
    Money::new(Amount::try_from(amount).unwrap(), "EUR".parse().unwrap())
}

pub(crate) fn dollars(amount: i64) -> Money {
    Money::new(Amount::try_from(amount).unwrap(), "USD".parse().unwrap())
}

/// Version of the fixtures, which is not the first.
pub(crate) fn third() -> Version {
    Version::FIRST.next().next()
}

/// Account of the buyer.
pub(crate) fn user() -> User {
    User {
        id: BUYER.parse().unwrap(),
        version: third(),
        email: "ada@example.com".parse().unwrap(),
        email_verified: true,
        pending_email: None,
        name: "Ada".parse().unwrap(),
        role: Role::User,
        status: UserStatus::Active,
        session_epoch: SessionEpoch::default().next(),
        notifications: Notifications::default(),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Active market of the seller.
pub(crate) fn market() -> Market {
    Market {
        id: "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
        version: third(),
        name: "Mugs".parse().unwrap(),
        description: Some("Hand-made".parse().unwrap()),
        status: MarketStatus::Active,
        currency: "EUR".parse().unwrap(),
        creator_id: SELLER.parse().unwrap(),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Product of the market, for 19.99 EUR.
pub(crate) fn product() -> Product {
    Product {
        id: "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
        version: third(),
        market_id: market().id,
        seller_id: SELLER.parse().unwrap(),
        sku: "MUG-1".parse().unwrap(),
        title: "Mug".parse().unwrap(),
        description: Some("Blue".parse().unwrap()),
        price: euros(1_999),
        tax_class: TaxClass::Standard,
        requires_shipping: true,
        status: ProductStatus::Active,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Decided change, split for assertions.
pub(crate) struct Decided<C: Command> {
    pub(crate) output: C::Output,
    pub(crate) writes: Vec<Write<C::Error>>,
    pub(crate) events: Vec<UncommittedEvent>,
}

/// Decides a command that is accepted.
#[track_caller]
pub(crate) fn decide<C: Command>(command: &C, state: C::State, now: Timestamp) -> Decided<C> {
    let (output, writes, events) = command.decide(state, now).unwrap().into_parts().unwrap();
    Decided { output, writes, events }
}

/// Error of a command that is refused.
#[track_caller]
pub(crate) fn refusal<C: Command>(command: &C, state: C::State, now: Timestamp) -> C::Error {
    command.decide(state, now).err().expect("the command is refused")
}

impl<C: Command> Decided<C> {
    /// The one stored record of kind `R`.
    #[track_caller]
    pub(crate) fn stored<R: Record>(&self) -> R {
        let mut items = self.writes.iter().filter_map(|write| match &write.operation {
            Operation::Put { item, kind, .. } if *kind == R::KIND => Some(item.clone()),
            _ => None,
        });
        let item = items.next().expect("a record of the kind is stored");
        assert!(items.next().is_none(), "several records of the kind are stored");
        serde_dynamo::from_item(item).unwrap()
    }

    /// The one write under the key of a record of kind `R`.
    #[track_caller]
    pub(crate) fn write<R: Record>(&self, id: &R::Id) -> &Write<C::Error> {
        let mut writes = self.writes.iter().filter(|write| write.key == R::key(id));
        let write = writes.next().expect("the key is written");
        assert!(writes.next().is_none(), "the key is written several times");
        write
    }

    /// Names of the events that have subscribers, with the version that the entity reached.
    pub(crate) fn events(&self) -> Vec<(&'static str, Version)> {
        let published = self.events.iter().filter(|event| event.routing == Routing::Queues);
        published.map(|event| (event.name, event.sequence)).collect()
    }

    /// Checks that nothing is written.
    #[track_caller]
    pub(crate) fn assert_unchanged(&self) {
        assert!(self.writes.is_empty() && self.events.is_empty());
    }
}

/// Checks that the name of each event is its serialised type.
#[track_caller]
pub(crate) fn assert_names_are_types<E: Event>(events: impl IntoIterator<Item = E>) {
    for event in events {
        assert_eq!(serde_json::to_value(&event).unwrap()["type"], event.name());
    }
}
