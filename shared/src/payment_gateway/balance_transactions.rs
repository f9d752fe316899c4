//! Interface of the payment gateway for the balance transactions, which are never changed.

use std::future::Future;

use crate::domain::order::payment::GatewayId;
use crate::domain::values::money::Currency;
use crate::kit::command::CorrelationId;
use crate::kit::system::clock::Timestamp;
use crate::payment_gateway::GatewayError;

/// Type of a balance transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionKind {
    /// Captured charge of a card.
    Charge,
    /// Captured charge of another payment method.
    Payment,
    /// Refund of a `Charge`.
    Refund,
    /// Refund of a `Payment`.
    PaymentRefund,
    /// Failed refund of a `Charge`.
    RefundFailure,
    /// Failed refund of a `Payment`.
    PaymentFailureRefund,
    /// Disputed funds that were withdrawn or reinstated.
    Adjustment,
    /// Transfer to a connected account.
    Transfer,
    /// Reversed transfer.
    TransferRefund,
    /// Payout to the bank account of the platform.
    Payout,
    /// Failed payout.
    PayoutFailure,
    /// Cancelled payout.
    PayoutCancel,
    /// Fee that does not belong to another transaction.
    StripeFee,
    /// Type that is not handled.
    Other(String),
}

/// Change of the platform's balance at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceTransaction {
    /// Id of the transaction.
    pub id: GatewayId,
    /// Type.
    pub kind: TransactionKind,
    /// Amount in minor units, negative if it leaves the balance.
    pub amount: i64,
    /// Fee in minor units, which the gateway subtracts from the amount.
    pub fee: i64,
    /// Settlement currency; `None` if it is not supported.
    pub currency: Option<Currency>,
    /// Id of the charge, refund, dispute, transfer or payout that caused the change.
    pub source: Option<GatewayId>,
    /// Time of the change.
    pub created: Timestamp,
}

/// Query of balance transactions, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionQuery {
    /// Last transaction of the previous page.
    pub after: Option<GatewayId>,
    /// Time of the oldest transaction, if there is no previous page.
    pub from: Timestamp,
}

/// Page of balance transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionPage {
    /// Transactions, oldest first.
    pub transactions: Vec<BalanceTransaction>,
    /// True if there is another page.
    pub has_more: bool,
}

/// Gateway operations of the reconciliation of balance transactions. Implementations return [`GatewayError`]
/// whenever the outcome is unknown.
pub trait BalanceTransactions: Send + Sync {
    /// Returns the first page of a query. Transactions that are made later are on later pages.
    fn transactions(
        &self,
        query: &TransactionQuery,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<TransactionPage, GatewayError>> + Send;
}
