//! Rows of a data export. They contain neither password hashes nor tokens, nor identifiers of other users.

use serde::Serialize;
use shared::domain::job::job_type::JobParams;
use shared::domain::job::{Job, JobId, JobStatus, Priority};
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::market::{Market, MarketId, MarketStatus};
use shared::domain::order::lines::OrderLines;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::payment::refund::lines::RefundLine;
use shared::domain::order::payment::{Payment, PaymentId};
use shared::domain::order::shipment::address::{DeliveryAddress, PostalAddress};
use shared::domain::order::{Order, OrderId, OrderStatus, Shipment};
use shared::domain::product::{Product, ProductId, ProductStatus};
use shared::domain::session::{Session, SessionEnd, SessionId};
use shared::domain::user::notifications::Notifications;
use shared::domain::user::{Role, User, UserId, UserStatus};
use shared::domain::values::email::UnicodeEmail;
use shared::domain::values::money::{Currency, Money};
use shared::domain::values::text::{Description, Name, Sku, Title};
use shared::kit::system::clock::Timestamp;

/// Row of the export: `{"type": …, "data": …}`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub(crate) enum Row {
    Profile(ProfileRow),
    Session(SessionRow),
    Market(MarketRow),
    Product(ProductRow),
    Order(Box<OrderRow>),
    Payment(PaymentRow),
    Job(JobRow),
}

/// Declares a row and its conversion: for each field, its type and its value.
macro_rules! rows {
    ($($(#[$doc:meta])* $row:ident($entity:ident: $source:ty) { $($field:ident: $type:ty = $value:expr;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $row {
            $($field: $type,)+
        }

        impl From<$source> for $row {
            fn from($entity: $source) -> Self {
                Self { $($field: $value,)+ }
            }
        }
    )+};
}

rows! {
    /// The account.
    ProfileRow(user: User) {
        id: UserId = user.id;
        email: UnicodeEmail = user.email.into();
        email_verified: bool = user.email_verified;
        pending_email: Option<UnicodeEmail> = user.pending_email.map(Into::into);
        name: Name = user.name;
        role: Role = user.role;
        status: UserStatus = user.status;
        notifications: Notifications = user.notifications;
        created_at: Timestamp = user.created_at;
        updated_at: Timestamp = user.updated_at;
    }
    /// A login session, without its tokens.
    SessionRow(session: Session) {
        id: SessionId = session.id.session_id;
        refreshed_at: Timestamp = session.rotated_at;
        ended: Option<SessionEnd> = session.ended;
        expires_at: Timestamp = session.expires_at;
    }
    /// A market that the account created.
    MarketRow(market: Market) {
        id: MarketId = market.id;
        name: Name = market.name;
        description: Option<Description> = market.description;
        status: MarketStatus = market.status;
        currency: Currency = market.currency;
        created_at: Timestamp = market.created_at;
        updated_at: Timestamp = market.updated_at;
    }
    /// A product of a market that the account created.
    ProductRow(product: Product) {
        id: ProductId = product.id;
        market_id: MarketId = product.market_id;
        sku: Sku = product.sku;
        title: Title = product.title;
        description: Option<Description> = product.description;
        price: Money = product.price;
        tax_class: TaxClass = product.tax_class;
        requires_shipping: bool = product.requires_shipping;
        status: ProductStatus = product.status;
        created_at: Timestamp = product.created_at;
        updated_at: Timestamp = product.updated_at;
    }
    /// An order that the account placed.
    OrderRow(placed: (Order, Option<DeliveryAddress>)) {
        id: OrderId = placed.0.id;
        market_id: MarketId = placed.0.market_id;
        status: OrderStatus = placed.0.status;
        total: Money = placed.0.total();
        lines: OrderLines = placed.0.lines;
        refunds: Vec<RefundRow> = placed.0.refunds.into_iter().map(RefundRow::from).collect();
        shipment: Option<Shipment> = placed.0.shipment;
        shipping_address: Option<PostalAddress> = placed.1.map(|address| address.address);
        created_at: Timestamp = placed.0.created_at;
        updated_at: Timestamp = placed.0.updated_at;
    }
    /// A refund of an order.
    RefundRow(refund: shared::domain::order::payment::refund::Refund) {
        amount: Money = refund.amount;
        reason: String = refund.reason;
        status: RefundStatus = refund.status;
        lines: Vec<RefundLine> = refund.lines;
        decided_at: Timestamp = refund.decided_at;
    }
    /// The payment of an order.
    PaymentRow(payment: Payment) {
        id: PaymentId = payment.id;
        order_id: OrderId = payment.order_id;
        captured: Money = payment.captured;
        refunded: Money = payment.refunded;
        created_at: Timestamp = payment.created_at;
        updated_at: Timestamp = payment.updated_at;
    }
    /// A background job that the account created.
    JobRow(job: Job) {
        id: JobId = job.id;
        work: JobParams = job.work;
        priority: Priority = job.priority;
        status: JobStatus = job.status;
        notify: bool = job.notify;
        created_at: Timestamp = job.created_at;
        finished_at: Option<Timestamp> = job.finished_at;
        expires_at: Timestamp = job.expires_at;
    }
}

impl SessionRow {
    /// Id of the session.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }
}

impl PaymentRow {
    /// Id of the order.
    pub(crate) const fn order_id(&self) -> OrderId {
        self.order_id
    }
}
