//! Layout of the table: key, index entries and expiry of each record. No other module builds keys.
//!
//! Records that belong together share a partition, for example an order, its payment and its attempts.

use super::due_list::{due_job, due_order};
use super::partitions;
use crate::domain::job::output::chunk::{Chunk, ChunkKey};
use crate::domain::job::{Job, JobEvent, JobId, JobSummary};
use crate::domain::ledger::reconciliation::cursor::{PaymentsCursorKey, ReconciliationCursor};
use crate::domain::ledger::reconciliation::discrepancy::{Discrepancy, DiscrepancyStatus};
use crate::domain::ledger::{EntryId, JournalEntry};
use crate::domain::market::settings::{MarketCommission, MarketShipping, MarketTax};
use crate::domain::market::status_copy::{StatusCopy, StatusCopyKey};
use crate::domain::market::summary::MarketSummary;
use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{Market, MarketEvent, MarketId};
use crate::domain::order::fulfilment::attempts::Attempts;
use crate::domain::order::payment::{GatewayId, Payment, PaymentEvent, PaymentId};
use crate::domain::order::shipment::address::DeliveryAddress;
use crate::domain::order::{Order, OrderEvent, OrderId, OrderSummary};
use crate::domain::product::summary::ProductSummary;
use crate::domain::product::{Product, ProductEvent, ProductId, SkuClaim, SkuKey, Stock};
use crate::domain::session::known_network::{KnownNetwork, KnownNetworkKey};
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::password_reset::{PasswordReset, PasswordResetEvent, PasswordResetId};
use crate::domain::user::update::email_change::{EmailChange, EmailChangeKey};
use crate::domain::user::{Credentials, EmailClaim, User, UserEvent, UserId, UserSummary};
use crate::domain::values::email::Email;
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Entity, IndexEntries, Key, NoEvents, Record, Version};
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::{DeadLetter, DeadLetterEvent, DeadLetterId};
use crate::messaging::email_dispatch::allowance::{EmailAllowance, EmailAllowanceId};
use crate::messaging::email_dispatch::{DispatchId, EmailDispatch};
use crate::projections::account_balances::{AccountBalances, BalanceKey, BalanceScope};
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};
use crate::projections::search_index::{DocumentId, IndexEntry, Indexed, TermEntry, TermEntryKey};
use crate::projections::tally::{Counted, Subject, Tally};

/// Declares the records of the table, one block each:
///
/// - type and stored kind;
/// - `key(id)`: partition key and sort key.
///
/// The lines that follow make the record an [`Entity`]:
///
/// - `entity(self)`: id and type of the events;
/// - `by_parent`, `by_owner`: partition and sort value in the index;
/// - `by_name`: sort value in the index, whose partition is that of `by_parent`;
/// - `summary`: part of the entity that lists show, if the index entries do not contain the whole entity;
/// - `due`: partition in the index and time at which the entity is due, if it is;
/// - `expires_at`: optional time after which the table may delete the entity.
macro_rules! records {
    ($(
        $record:ident $kind:literal {
            key($id:ident: $id_type:ty): $pk:expr, $sk:expr;
            $(
                entity($self:ident): $entity_id:expr, $event:ty;
                $(by_parent: $parent:expr, $parent_sort:expr;)?
                $(by_name: $name_sort:expr;)?
                $(by_owner: $owner:expr, $owner_sort:expr;)?
                $(summary: $summary:expr;)?
                $(due: $due:expr;)?
                $(expires_at: $expires_at:expr;)?
            )?
        }
    )+) => {$(
        impl Record for $record {
            const KIND: &'static str = $kind;
            type Id = $id_type;

            fn key($id: &$id_type) -> Key {
                key($pk, $sk)
            }
        }

        $(impl Entity for $record {
            type Event = $event;

            fn id(&$self) -> &$id_type {
                &$entity_id
            }

            fn version(&$self) -> Version {
                $self.version
            }

            fn index_entries(&$self) -> IndexEntries {
                IndexEntries {
                    $(by_parent: Some(($parent, $parent_sort)),)?
                    $(name: Some($name_sort),)?
                    $(by_owner: Some(($owner, $owner_sort)),)?
                    $(due: $due.map(|(partition, at): (String, Timestamp)| (partition, at.to_string())),)?
                    ..IndexEntries::default()
                }
            }

            $(fn summary(&$self) -> Option<impl serde::Serialize> {
                Some($summary)
            })?

            $(fn expires_at(&$self) -> Option<Timestamp> {
                $expires_at
            })?
        })?
    )+};
}

records! {
    User "user" {
        key(id: UserId): format!("user#{id}"), "user";
        entity(self): self.id, UserEvent;
        by_parent: partitions::accounts(self.role, self.status), self.id.to_string();
        by_name: partitions::name_sort(&self.name, &self.id.to_string());
        by_owner: partitions::accounts(self.role, self.status), self.email.as_str().to_owned();
        summary: UserSummary::from(self);
    }
    Credentials "credentials" {
        key(id: UserId): format!("user#{id}"), "credentials";
    }
    Session "session" {
        key(id: SessionKey): format!("user#{}", id.user_id), format!("session#{}", id.session_id);
        entity(self): self.id, NoEvents;
        expires_at: Some(self.expires_at);
    }
    KnownNetwork "known-network" {
        key(id: KnownNetworkKey): format!("user#{}", id.user_id), format!("network#{}", id.network.0);
    }
    EmailClaim "email-claim" {
        key(email: Email): format!("email#{}", email.as_str()), "email";
    }
    EmailChange "email-change" {
        key(id: EmailChangeKey): format!("user#{}", id.user_id), format!("email-change#{}", id.version);
    }
    PasswordReset "password-reset" {
        key(id: PasswordResetId): format!("password-reset#{id}"), "password-reset";
        entity(self): self.id, PasswordResetEvent;
        expires_at: Some(self.expires_at);
    }

    Market "market" {
        key(id: MarketId): format!("market#{id}"), "market";
        entity(self): self.id, MarketEvent;
        by_parent: partitions::markets(self.status), self.id.to_string();
        by_name: partitions::name_sort(&self.name, &self.id.to_string());
        by_owner: partitions::markets_of(self.creator_id), self.id.to_string();
        summary: MarketSummary::from(self);
    }
    MarketShipping "market-shipping" {
        key(id: MarketId): format!("market#{id}"), "shipping";
        entity(self): self.market_id, NoEvents;
    }
    MarketTax "market-tax" {
        key(id: MarketId): format!("market#{id}"), "tax";
        entity(self): self.market_id, NoEvents;
    }
    MarketCommission "market-commission" {
        key(id: MarketId): format!("market#{id}"), "commission";
        entity(self): self.market_id, NoEvents;
    }
    StatusCopy "market-status" {
        key(id: StatusCopyKey): format!("market#{}#status#{}", id.market_id, id.number), "status";
    }
    SkuClaim "sku-claim" {
        key(id: SkuKey): format!("market#{}", id.market_id), format!("sku#{}", id.sku.as_str());
    }
    MarketTotals "market-totals" {
        key(id: MarketId): format!("market#{id}"), "totals";
        entity(self): self.market_id, NoEvents;
        by_parent: partitions::markets_by_volume(self.status),
            partitions::amount_sort(self.volume, self.market_id);
    }
    DailySales "day-sales" {
        key(id: DailySalesKey): format!("market#{}", id.market_id), format!("sales#{}", id.day);
    }

    Product "product" {
        key(id: ProductId): format!("product#{id}"), "product";
        entity(self): self.id, ProductEvent;
        by_parent: partitions::products_in(self.market_id, self.status), self.id.to_string();
        by_name: partitions::name_sort(&self.title, &self.id.to_string());
        by_owner: partitions::products_in(self.market_id, self.status),
            partitions::amount_sort(self.price.amount(), self.id);
        summary: ProductSummary::from(self);
    }
    Stock "stock" {
        key(id: ProductId): format!("product#{id}"), "stock";
    }

    Order "order" {
        key(id: OrderId): format!("order#{id}"), "order";
        entity(self): self.id, OrderEvent;
        by_parent: partitions::order_in(self.market_id, self.id), self.id.to_string();
        by_owner: partitions::orders_of(self.buyer_id), self.id.to_string();
        summary: OrderSummary::from(self);
        due: due_order(self);
    }
    DeliveryAddress "delivery-address" {
        key(id: OrderId): format!("order#{id}"), "address";
        entity(self): self.order_id, NoEvents;
        due: Some((partitions::addresses(partitions::expiry_shard(self.order_id)), self.examined_at));
        expires_at: Some(self.expires_at());
    }
    Attempts "attempts" {
        key(id: OrderId): format!("order#{id}"), "attempts";
    }
    Payment "payment" {
        key(id: PaymentId): format!("order#{}", id.cast::<Order>()), "payment";
        entity(self): self.id, PaymentEvent;
    }

    JournalEntry "journal-entry" {
        key(id: EntryId): format!("order#{}", id.order_id), format!("entry#{:010}", id.order_version.get());
        entity(self): self.id, NoEvents;
        by_parent: partitions::entries_of(self.market_id, self.id.order_id), format!("{}#{}", self.created_at, self.id);
        due: self.earned_at.map(|at| (partitions::unclaimed_entries_of(self.market_id, self.id.order_id), at));
    }
    ReconciliationCursor "position" {
        key(_id: PaymentsCursorKey): "reconciliation", "position";
        entity(self): PaymentsCursorKey, NoEvents;
    }
    Discrepancy "discrepancy" {
        key(id: GatewayId): format!("discrepancy#{id}"), "discrepancy";
        entity(self): self.id, NoEvents;
        by_parent: partitions::discrepancies(self.status()), format!("{}#{}", self.first_seen_at, self.id);
        // Each round rechecks the open discrepancies, the least recently checked first.
        due: (self.status() == DiscrepancyStatus::Open)
            .then(|| (partitions::OPEN_DISCREPANCIES.to_owned(), self.last_seen_at));
        expires_at: self.expires_at();
    }

    Job "job" {
        key(id: JobId): format!("job#{id}"), "job";
        entity(self): self.id, JobEvent;
        by_parent: partitions::jobs_in(self.owner_id, self.status), self.id.to_string();
        by_owner: partitions::jobs_of(self.owner_id), self.id.to_string();
        summary: JobSummary::from(self);
        due: due_job(self);
        expires_at: Some(self.expires_at);
    }
    Chunk "job-chunk" {
        key(at: ChunkKey): Job::key(&at.job).pk, format!("chunk#{:010}", at.number);
    }

    EmailDispatch "dispatch" {
        key(id: DispatchId): format!("dispatch#{id}"), "dispatch";
        entity(self): self.id, NoEvents;
        expires_at: Some(self.expires_at);
    }
    EmailAllowance "email-allowance" {
        key(id: EmailAllowanceId): format!("email-allowance#{id}"), "allowance";
        entity(self): self.id, NoEvents;
        expires_at: Some(self.expires_at);
    }
    DeadLetter "dead-letter" {
        key(id: DeadLetterId): format!("dead-letter#{id}"), "dead-letter";
        entity(self): self.id, DeadLetterEvent;
        by_parent: partitions::dead_letters(self.queue, self.status), self.id.to_string();
        expires_at: self.expires_at();
    }

    AccountBalances "account-balances" {
        key(id: BalanceKey): partition_of_balances(id.scope), format!("balance#{}", id.currency.as_str());
    }

    ListTotal "list-total" {
        key(list: ListKey): format!("total#{}", list.as_str()), "total";
    }
    Tally "tally" {
        key(id: Subject): partition_of(*id), "tally";
        entity(self): self.id, NoEvents;
        // Another worker may still count a deleted entity from an earlier read.
        expires_at: match self.counted {
            Counted::At(_) => None,
            Counted::Deleted(at) => Some(at.saturating_add(MESSAGE_RETENTION)),
        };
    }
    IndexEntry "index-entry" {
        key(id: DocumentId): partition_of_document(*id), "search";
        entity(self): self.id, NoEvents;
        // Another worker may still index a deleted document from an earlier read.
        expires_at: match self.indexed {
            Indexed::At(_) => None,
            Indexed::Deleted(at) => Some(at.saturating_add(MESSAGE_RETENTION)),
        };
    }
    TermEntry "term" {
        key(at: TermEntryKey):
            TermEntryKey::partition(at.embedder, at.id.kind(), &at.term), format!("{}#{}", at.weight, at.id);
    }
}

pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

/// Partition of an entity, which also contains its tally.
fn partition_of(subject: Subject) -> String {
    match subject {
        Subject::User(id) => User::key(&id).pk,
        Subject::Market(id) => Market::key(&id).pk,
        Subject::Product(id) => Product::key(&id).pk,
        Subject::Order(id) => Order::key(&id).pk,
    }
}

/// Partition of the balances of a market, or of a part of all markets.
pub(crate) fn partition_of_balances(scope: BalanceScope) -> String {
    match scope {
        BalanceScope::Market(id) => Market::key(&id).pk,
        BalanceScope::Shard(number) => format!("ledger#{number}"),
    }
}

/// Partition of a document, which also contains its index entry.
fn partition_of_document(document: DocumentId) -> String {
    match document {
        DocumentId::Market(id) => Market::key(&id).pk,
        DocumentId::Product(id) => Product::key(&id).pk,
    }
}
