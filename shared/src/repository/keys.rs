//! The key scheme: where every record stands, and which lists it appears in. Nowhere else is a key built.
//!
//! What belongs to one thing shares its partition (an account with its password and sessions, an order with its
//! payment and its attempts), so that it is read together.

use super::listing;
use crate::clock::Timestamp;
use crate::command::event::EventId;
use crate::command::receipt::MESSAGE_RETENTION;
use crate::command::{Entity, Key, Listings, Record, Silent, Version};
use crate::domain::dead_letter::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::domain::dispatch::Dispatch;
use crate::domain::email::Email;
use crate::domain::market::figures::MarketFigures;
use crate::domain::market::{Market, MarketEvent, MarketId};
use crate::domain::order::attempt::Attempts;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::{Order, OrderEvent, OrderId};
use crate::domain::payment::{Payment, PaymentEvent, PaymentId};
use crate::domain::product::{Product, ProductEvent, ProductId, SkuClaim, SkuInMarket, Stock};
use crate::domain::reconciliation::position::{OfPayments, Position};
use crate::domain::sale::{DaySales, SalesOn};
use crate::domain::search::{DocumentId, IndexEntry, Indexed, Posting, PostingPlace};
use crate::domain::session::{Session, SessionKey};
use crate::domain::tally::{Counted, Subject, Tally};
use crate::domain::total::{ListName, ListTotal};
use crate::domain::user::password_reset::{PasswordReset, PasswordResetEvent, PasswordResetId};
use crate::domain::user::{Credentials, EmailClaim, User, UserEvent, UserId};

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// The partition that an entity has to itself, its tally beside it.
fn partition_of(subject: Subject) -> String {
    match subject {
        Subject::User(id) => User::key(&id).pk,
        Subject::Market(id) => Market::key(&id).pk,
        Subject::Product(id) => Product::key(&id).pk,
        Subject::Order(id) => Order::key(&id).pk,
    }
}

/// The partition that a document has to itself, its index entry beside it.
fn partition_of_document(document: DocumentId) -> String {
    match document {
        DocumentId::Market(id) => Market::key(&id).pk,
        DocumentId::Product(id) => Product::key(&id).pk,
    }
}

/// Declares where a record stands.
macro_rules! record {
    ($record:ty, $kind:literal, |$id:ident: $id_type:ty| $pk:expr, $sk:expr) => {
        impl Record for $record {
            const KIND: &'static str = $kind;
            type Id = $id_type;

            fn key($id: &$id_type) -> Key {
                key($pk, $sk)
            }
        }
    };
}

mod job;

record!(User, "user", |id: UserId| format!("user#{id}"), "user");
record!(Credentials, "credentials", |id: UserId| format!("user#{id}"), "credentials");
record!(
    PasswordReset,
    "password-reset",
    |id: PasswordResetId| format!("password-reset#{id}"),
    "password-reset"
);
record!(EmailClaim, "email-claim", |email: Email| format!("email#{}", email.as_str()), "email");
record!(
    Session,
    "session",
    |id: SessionKey| format!("user#{}", id.user_id),
    format!("session#{}", id.session_id)
);
record!(Market, "market", |id: MarketId| format!("market#{id}"), "market");
record!(MarketFigures, "market-figures", |id: MarketId| format!("market#{id}"), "figures");
record!(DaySales, "day-sales", |on: SalesOn| format!("market#{}", on.market_id), format!("sales#{}", on.day));
record!(Product, "product", |id: ProductId| format!("product#{id}"), "product");
record!(Stock, "stock", |id: ProductId| format!("product#{id}"), "stock");
record!(
    SkuClaim,
    "sku-claim",
    |id: SkuInMarket| format!("market#{}", id.market_id),
    format!("sku#{}", id.sku.as_str())
);
record!(Order, "order", |id: OrderId| format!("order#{id}"), "order");
record!(Attempts, "attempts", |id: OrderId| format!("order#{id}"), "attempts");
record!(Payment, "payment", |id: PaymentId| format!("order#{}", id.retyped::<Order>()), "payment");
record!(ListTotal, "list-total", |list: ListName| format!("total#{}", list.as_str()), "total");
record!(Tally, "tally", |id: Subject| partition_of(*id), "tally");
record!(Position, "position", |_id: OfPayments| "reconciliation".to_owned(), "position");
record!(IndexEntry, "index-entry", |id: DocumentId| partition_of_document(*id), "search");
record!(
    Posting,
    "posting",
    |at: PostingPlace| PostingPlace::partition(at.embedder, at.id.kind(), &at.term),
    format!("{}#{}", at.weight, at.id)
);
record!(Dispatch, "dispatch", |event: EventId| format!("dispatch#{event}"), "dispatch");
record!(DeadLetter, "dead-letter", |id: DeadLetterId| format!("dead-letter#{id}"), "dead-letter");

impl Entity for User {
    type Event = UserEvent;

    fn id(&self) -> &UserId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn listings(&self) -> Listings {
        let accounts = listing::accounts(self.role, self.status);
        Listings {
            by_parent: Some((accounts.clone(), self.id.to_string())),
            name: Some(listing::name_sort(&self.name, &self.id.to_string())),
            by_owner: Some((accounts, self.email.as_str().to_owned())),
            due: None,
        }
    }
}

impl Entity for PasswordReset {
    type Event = PasswordResetEvent;

    fn id(&self) -> &PasswordResetId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Entity for Session {
    type Event = Silent;

    fn id(&self) -> &SessionKey {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Entity for Market {
    type Event = MarketEvent;

    fn id(&self) -> &MarketId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn listings(&self) -> Listings {
        let by_status = (listing::markets(self.status), self.id.to_string());
        let name = listing::name_sort(&self.name, &self.id.to_string());
        Listings { by_parent: Some(by_status), name: Some(name), ..Listings::default() }
    }
}

impl Entity for Product {
    type Event = ProductEvent;

    fn id(&self) -> &ProductId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn listings(&self) -> Listings {
        let in_market = (listing::products_of(self.market_id), self.id.to_string());
        Listings { by_parent: Some(in_market), ..Listings::default() }
    }
}

impl Entity for Order {
    type Event = OrderEvent;

    fn id(&self) -> &OrderId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn listings(&self) -> Listings {
        let of_buyer = (listing::orders_of(self.buyer_id), self.id.to_string());
        let due = match self.fulfilment {
            Fulfilment::AwaitingPayment { until, .. } => {
                Some((listing::expiring_orders(listing::expiry_shard(self.id)), until.to_string()))
            }
            _ => None,
        };
        let in_market = (listing::order_in(self.market_id, self.id), self.id.to_string());
        Listings { by_parent: Some(in_market), by_owner: Some(of_buyer), due, ..Listings::default() }
    }
}

impl Entity for Payment {
    type Event = PaymentEvent;

    fn id(&self) -> &PaymentId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }
}

impl Entity for MarketFigures {
    type Event = Silent;

    fn id(&self) -> &MarketId {
        &self.market_id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn listings(&self) -> Listings {
        let by_volume =
            (listing::markets_by_volume(self.status), listing::volume_sort(self.volume, self.market_id));
        Listings { by_parent: Some(by_volume), ..Listings::default() }
    }
}

impl Entity for Tally {
    type Event = Silent;

    fn id(&self) -> &Subject {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    /// What is gone need not be remembered longer than somebody might still count what they read before.
    fn expires_at(&self) -> Option<Timestamp> {
        match self.counted {
            Counted::At(_) => None,
            Counted::Gone(at) => Some(at.plus(MESSAGE_RETENTION)),
        }
    }
}

impl Entity for Dispatch {
    type Event = Silent;

    fn id(&self) -> &EventId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Entity for Position {
    type Event = Silent;

    fn id(&self) -> &OfPayments {
        &OfPayments
    }

    fn version(&self) -> Version {
        self.version
    }
}

impl Entity for IndexEntry {
    type Event = Silent;

    fn id(&self) -> &DocumentId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    /// As for tallies.
    fn expires_at(&self) -> Option<Timestamp> {
        match self.indexed {
            Indexed::At(_) => None,
            Indexed::Gone(at) => Some(at.plus(MESSAGE_RETENTION)),
        }
    }
}

impl Entity for DeadLetter {
    type Event = DeadLetterEvent;

    fn id(&self) -> &DeadLetterId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn listings(&self) -> Listings {
        let of_queue = (listing::dead_letters(self.queue, self.status), self.id.to_string());
        Listings { by_parent: Some(of_queue), ..Listings::default() }
    }
}
