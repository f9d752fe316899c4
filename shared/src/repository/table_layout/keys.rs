//! Key scheme of all records, and the lists in which each appears (`entity_impls`). No other module builds
//! keys.
//!
//! Records that belong together share a partition (an account with its credentials and sessions, an order
//! with its payment and its attempts).

mod entity_impls;

use crate::domain::market::totals::MarketTotals;
use crate::domain::market::{Market, MarketId};
use crate::domain::order::fulfilment::attempts::Attempts;
use crate::domain::order::payment::{GatewayId, Payment, PaymentId};
use crate::domain::order::{Order, OrderId};
use crate::domain::product::{Product, ProductId, SkuClaim, SkuKey, Stock};
use crate::domain::reconciliation::cursor::{PaymentsCursorKey, ReconciliationCursor};
use crate::domain::reconciliation::discrepancy::Discrepancy;
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::password_reset::{PasswordReset, PasswordResetId};
use crate::domain::user::{Credentials, EmailClaim, User, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::event::EventId;
use crate::kit::command::{Key, Record};
use crate::messaging::dead_letter::{DeadLetter, DeadLetterId};
use crate::messaging::email_dispatch::EmailDispatch;
use crate::projections::daily_sales::{DailySales, DailySalesKey};
use crate::projections::list_total::{ListKey, ListTotal};
use crate::projections::search_index::{DocumentId, IndexEntry, TermEntry, TermEntryKey};
use crate::projections::tally::{Subject, Tally};

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
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

/// Partition of a document, which also contains its index entry.
fn partition_of_document(document: DocumentId) -> String {
    match document {
        DocumentId::Market(id) => Market::key(&id).pk,
        DocumentId::Product(id) => Product::key(&id).pk,
    }
}

/// Declares the kind and the key of a record.
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
record!(MarketTotals, "market-totals", |id: MarketId| format!("market#{id}"), "totals");
record!(
    DailySales,
    "day-sales",
    |id: DailySalesKey| format!("market#{}", id.market_id),
    format!("sales#{}", id.day)
);
record!(Product, "product", |id: ProductId| format!("product#{id}"), "product");
record!(Stock, "stock", |id: ProductId| format!("product#{id}"), "stock");
record!(
    SkuClaim,
    "sku-claim",
    |id: SkuKey| format!("market#{}", id.market_id),
    format!("sku#{}", id.sku.as_str())
);
record!(Order, "order", |id: OrderId| format!("order#{id}"), "order");
record!(Attempts, "attempts", |id: OrderId| format!("order#{id}"), "attempts");
record!(Payment, "payment", |id: PaymentId| format!("order#{}", id.cast::<Order>()), "payment");
record!(ListTotal, "list-total", |list: ListKey| format!("total#{}", list.as_str()), "total");
record!(Tally, "tally", |id: Subject| partition_of(*id), "tally");
record!(ReconciliationCursor, "position", |_id: PaymentsCursorKey| "reconciliation".to_owned(), "position");
record!(Discrepancy, "discrepancy", |id: GatewayId| format!("discrepancy#{id}"), "discrepancy");
record!(IndexEntry, "index-entry", |id: DocumentId| partition_of_document(*id), "search");
record!(
    TermEntry,
    "posting",
    |at: TermEntryKey| TermEntryKey::partition(at.embedder, at.id.kind(), &at.term),
    format!("{}#{}", at.weight, at.id)
);
record!(EmailDispatch, "dispatch", |event: EventId| format!("dispatch#{event}"), "dispatch");
record!(DeadLetter, "dead-letter", |id: DeadLetterId| format!("dead-letter#{id}"), "dead-letter");
