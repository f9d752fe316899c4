//! Versions, lists and expiry of all entities.

use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{Market, MarketEvent, MarketId};
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::payment::{GatewayId, Payment, PaymentEvent, PaymentId};
use crate::domain::order::{Order, OrderEvent, OrderId};
use crate::domain::product::{Product, ProductEvent, ProductId};
use crate::domain::reconciliation::cursor::{PaymentsCursorKey, ReconciliationCursor};
use crate::domain::reconciliation::discrepancy::{Discrepancy, DiscrepancyStatus};
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::password_reset::{PasswordReset, PasswordResetEvent, PasswordResetId};
use crate::domain::user::{User, UserEvent, UserId};
use crate::kit::command::event::EventId;
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Entity, IndexEntries, NoEvents, Version};
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::messaging::email_dispatch::EmailDispatch;
use crate::projections::search_index::{DocumentId, IndexEntry, Indexed};
use crate::projections::tally::{Counted, Subject, Tally};
use crate::repository::table_layout::partitions;

impl Entity for User {
    type Event = UserEvent;

    fn id(&self) -> &UserId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn index_entries(&self) -> IndexEntries {
        let accounts = partitions::accounts(self.role, self.status);
        IndexEntries {
            by_parent: Some((accounts.clone(), self.id.to_string())),
            name: Some(partitions::name_sort(&self.name, &self.id.to_string())),
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
    type Event = NoEvents;

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

    fn index_entries(&self) -> IndexEntries {
        let by_status = (partitions::markets(self.status), self.id.to_string());
        let name = partitions::name_sort(&self.name, &self.id.to_string());
        IndexEntries { by_parent: Some(by_status), name: Some(name), ..IndexEntries::default() }
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

    fn index_entries(&self) -> IndexEntries {
        let in_market = (partitions::products_of(self.market_id), self.id.to_string());
        IndexEntries { by_parent: Some(in_market), ..IndexEntries::default() }
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

    fn index_entries(&self) -> IndexEntries {
        let of_buyer = (partitions::orders_of(self.buyer_id), self.id.to_string());
        let due = match self.fulfilment {
            Fulfilment::AwaitingPayment { until, .. } => {
                Some((partitions::expiring_orders(partitions::expiry_shard(self.id)), until.to_string()))
            }
            _ => None,
        };
        let in_market = (partitions::order_in(self.market_id, self.id), self.id.to_string());
        IndexEntries { by_parent: Some(in_market), by_owner: Some(of_buyer), due, ..IndexEntries::default() }
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

impl Entity for MarketTotals {
    type Event = NoEvents;

    fn id(&self) -> &MarketId {
        &self.market_id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn index_entries(&self) -> IndexEntries {
        let by_volume = (
            partitions::markets_by_volume(self.status),
            partitions::volume_sort(self.volume, self.market_id),
        );
        IndexEntries { by_parent: Some(by_volume), ..IndexEntries::default() }
    }
}

impl Entity for Tally {
    type Event = NoEvents;

    fn id(&self) -> &Subject {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    /// The tally of a deleted entity is kept for as long as another worker may still count the entity from an
    /// earlier read.
    fn expires_at(&self) -> Option<Timestamp> {
        match self.counted {
            Counted::At(_) => None,
            Counted::Deleted(at) => Some(at.saturating_add(MESSAGE_RETENTION)),
        }
    }
}

impl Entity for EmailDispatch {
    type Event = NoEvents;

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

impl Entity for ReconciliationCursor {
    type Event = NoEvents;

    fn id(&self) -> &PaymentsCursorKey {
        &PaymentsCursorKey
    }

    fn version(&self) -> Version {
        self.version
    }
}

impl Entity for Discrepancy {
    type Event = NoEvents;

    fn id(&self) -> &GatewayId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at()
    }

    /// An open discrepancy is due at once: each round rechecks it, the least recently checked first.
    fn index_entries(&self) -> IndexEntries {
        let sort = format!("{}#{}", self.first_seen_at, self.id);
        let of_status = (partitions::discrepancies(self.status()), sort);
        let open = (partitions::OPEN_DISCREPANCIES.to_owned(), self.last_seen_at.to_string());
        let due = (self.status() == DiscrepancyStatus::Open).then_some(open);
        IndexEntries { by_parent: Some(of_status), due, ..IndexEntries::default() }
    }
}

impl Entity for IndexEntry {
    type Event = NoEvents;

    fn id(&self) -> &DocumentId {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    /// The entry of a deleted document is kept as long as a tally.
    fn expires_at(&self) -> Option<Timestamp> {
        match self.indexed {
            Indexed::At(_) => None,
            Indexed::Deleted(at) => Some(at.saturating_add(MESSAGE_RETENTION)),
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

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at()
    }

    fn index_entries(&self) -> IndexEntries {
        let of_queue = (partitions::dead_letters(self.queue, self.status), self.id.to_string());
        IndexEntries { by_parent: Some(of_queue), ..IndexEntries::default() }
    }
}
