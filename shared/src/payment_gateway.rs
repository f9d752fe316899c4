//! Interface of the payment gateway for the order saga and reconciliation.

pub mod balance_transactions;
pub mod disputes;
pub mod payout_gateway;
pub mod stripe;
#[cfg(test)]
mod tests;
pub mod webhook;

use std::future::Future;
use std::time::Duration;

use crate::domain::ledger::reconciliation::GatewayRecord;
use crate::domain::order::payment::refund::RefundIntent;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{
    Capture, ChargeIntent, Checkout, CheckoutIntent, DeclineCode, GatewayId,
};
use crate::kit::command::CorrelationId;
use crate::kit::system::clock::Timestamp;

pub use stripe::StripeGateway;

/// Outcome of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The amount was captured.
    Captured(Capture),
    /// The charge was declined and will not be made.
    Declined(DeclineCode),
    /// The charge waits for the buyer, who must authenticate (3-D Secure), or is still being processed. The
    /// buyer continues it at this checkout; a webhook reports its end.
    Waiting(Checkout),
}

/// Answer to a charge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// The outcome of the charge is known.
    Known(ChargeOutcome),
    /// The gateway failed, possibly after charging; [`PaymentGateway::find`] determines the outcome.
    Failed,
}

/// Resolution of a charge that is no longer needed and will not be made afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeResolution {
    /// The amount had been captured.
    Captured(Capture),
    /// Nothing was charged.
    NotCharged,
    /// The charge had failed, possibly after charging; [`PaymentGateway::find`] determines the outcome.
    Failed,
}

/// Outcome of creating a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckoutOutcome {
    /// The buyer can pay the checkout.
    Payable(Checkout),
    /// The gateway refused the payment.
    Refused(DeclineCode),
}

/// Outcome of closing a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckoutClosure {
    /// The checkout was not paid, and cannot be paid any more.
    Closed,
    /// The checkout was paid before.
    Captured(Capture),
    /// The payment is being processed, and cannot be stopped. It will succeed or fail later.
    Processing,
}

/// Definite answer to a refund request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The gateway has accepted the refund: its present state.
    Accepted(GatewayRefund),
    /// The gateway refuses to make the refund.
    Refused(DeclineCode),
    /// The gateway failed and has certainly refunded nothing.
    NotRefunded,
}

/// The outcome of a call is unknown; it must be retried later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The gateway does not respond, or is overloaded.
    #[error("the payment gateway does not respond")]
    Unavailable,
    /// The gateway rejects the call because there are too many.
    #[error("the payment gateway limits the rate of our calls")]
    Throttled {
        /// Delay that the gateway requests; zero if its response contains none.
        retry_after: Duration,
    },
    /// The circuit breaker is open because too many calls failed.
    #[error("the payment gateway does not respond; its circuit breaker is open")]
    CircuitOpen {
        /// Delay until the next call is allowed.
        retry_after: Duration,
        /// The call was attempted and its failure opened the circuit.
        attempted: bool,
    },
    /// A charge failed or is being processed, so that it is unknown whether it was made.
    #[error("the outcome of the charge is unknown and is being looked up")]
    Unknown,
    /// The response cannot be interpreted.
    #[error("the payment gateway sent an unexpected response")]
    Unexpected,
    /// The gateway rejects our API key or our requests.
    #[error("the payment gateway rejects our requests")]
    Misconfigured,
}

/// Gateway operations of the order saga. Implementations return [`GatewayError`] whenever the outcome is
/// unknown.
pub trait PaymentGateway: Send + Sync {
    /// Charges the buyer, who is present to authenticate. Idempotent: the same intent makes one charge.
    fn charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<ChargeAnswer, GatewayError>> + Send;

    /// Finds a charge whose idempotency key no longer yields its outcome; `None` only if it was certainly not
    /// made.
    fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<ChargeOutcome>, GatewayError>> + Send;

    /// Determines whether a charge was made, and prevents it from being made afterwards.
    fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<ChargeResolution, GatewayError>> + Send;

    /// Creates a checkout that the buyer can pay. Idempotent.
    fn create_checkout(
        &self,
        intent: &CheckoutIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<CheckoutOutcome, GatewayError>> + Send;

    /// Closes a checkout, so that it cannot be paid any more. Idempotent.
    fn close_checkout(
        &self,
        checkout: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<CheckoutClosure, GatewayError>> + Send;

    /// Refunds an amount. Idempotent: the same intent is refunded once.
    fn refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<RefundAnswer, GatewayError>> + Send;

    /// Returns the present state of all refunds of a payment, oldest first, including those made at the
    /// gateway itself.
    fn refunds(
        &self,
        payment: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Vec<GatewayRefund>, GatewayError>> + Send;
}

/// Query of the gateway's ledger: payments created in a period, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerQuery {
    /// Start of the period.
    pub from: Timestamp,
    /// End of the period.
    pub until: Timestamp,
    /// Last payment of the previous page.
    pub after: Option<GatewayId>,
}

/// Page of the gateway's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPage {
    /// Payments of the page.
    pub entries: Vec<GatewayRecord>,
    /// True if there is another page.
    pub has_more: bool,
}

/// Gateway operations of reconciliation. Implementations return [`GatewayError`] whenever the outcome is
/// unknown.
pub trait PaymentLedger: Send + Sync {
    /// Returns the first page of a query.
    fn page(
        &self,
        query: &LedgerQuery,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<LedgerPage, GatewayError>> + Send;

    /// Returns one payment of the ledger, if it exists.
    fn entry(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<GatewayRecord>, GatewayError>> + Send;

    /// Returns the refunds created in a period, oldest first, of payments of any age.
    fn refunds_created(
        &self,
        from: Timestamp,
        until: Timestamp,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Vec<GatewayRefund>, GatewayError>> + Send;

    /// Cancels a payment, so that it cannot be paid any more. Does nothing if it was paid already.
    fn close(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<(), GatewayError>> + Send;
}
