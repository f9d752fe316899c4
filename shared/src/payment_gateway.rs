//! The payment gateway, as the order saga needs it.

pub mod stripe;
pub mod webhook;

use std::future::Future;
use std::time::Duration;

use crate::domain::payment::{Capture, ChargeIntent, Checkout, CheckoutIntent, DeclineCode, GatewayId};
use crate::domain::reconciliation::GatewayRecord;
use crate::domain::refund::RefundIntent;
use crate::kit::command::CorrelationId;
use crate::kit::system::clock::Timestamp;

pub use stripe::StripeGateway;

/// How a charge ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The money is there.
    Captured(Capture),
    /// It will not be.
    Declined(DeclineCode),
}

/// What the gateway answers whenever it is asked for a charge under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// It ended so.
    Ended(ChargeOutcome),
    /// The gateway failed. It may have charged before that: [`PaymentGateway::find`] finds out.
    Failed,
}

/// What became of a charge that nobody wants any more, and that will not be made from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeResolution {
    /// It was made.
    Captured(Capture),
    /// It was not.
    NotCharged,
    /// The gateway failed at it. It may have charged before that: [`PaymentGateway::find`] finds out.
    Failed,
}

/// How asking for something to pay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckoutOutcome {
    /// The buyer can pay this.
    Payable(Checkout),
    /// The gateway does not take such a payment.
    Refused(DeclineCode),
}

/// How a refund ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundOutcome {
    /// The money went back.
    Done,
    /// It will not.
    Refused(DeclineCode),
}

/// How asking for a refund ended where the gateway's answer leaves no doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// It ended so.
    Ended(RefundOutcome),
    /// The gateway failed, and certainly gave nothing back.
    NotRefunded,
}

/// The gateway did not say how it ended; it has to be asked again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// It does not answer, or is too busy.
    #[error("the payment gateway does not answer")]
    Unavailable,
    /// The same, for everybody and for a while, so that it is left alone.
    #[error("the payment gateway does not answer and is left alone")]
    CircuitOpen {
        /// When it is worth while to ask again.
        back_in: Duration,
        /// Whether it was asked at all before.
        asked: bool,
    },
    /// It failed, and it is too early to be sure that it will not turn out to have charged after all.
    #[error("the payment gateway failed; the charge is being looked up")]
    Unknown {
        /// When it can be known.
        known_in: Duration,
    },
    /// Its answer makes no sense to us.
    #[error("the payment gateway gave an unexpected answer")]
    Unexpected,
    /// It does not accept our key, or our requests.
    #[error("the payment gateway does not accept our requests")]
    Misconfigured,
}

/// What the saga asks of the gateway. Implementations return [`GatewayError`] whenever they cannot tell how it ended,
/// and never guess.
pub trait PaymentGateway: Send + Sync {
    /// Charges; asked again with the same intent, answers alike.
    fn charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<ChargeAnswer, GatewayError>> + Send;

    /// Finds a charge whose key no longer tells; `None` only once it is certain that there is none.
    fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<ChargeOutcome>, GatewayError>> + Send;

    /// Finds out whether a charge was made, and makes sure that it will not be made afterwards.
    fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<ChargeResolution, GatewayError>> + Send;

    /// Makes something that the buyer can pay, unless it is made already.
    fn open(
        &self,
        intent: &CheckoutIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<CheckoutOutcome, GatewayError>> + Send;

    /// Gives money back; asked again with the same intent, answers alike.
    fn refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<RefundAnswer, GatewayError>> + Send;

    /// Finds the refund of an intent so old that the gateway may have forgotten its key.
    fn find_refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<RefundOutcome>, GatewayError>> + Send;
}

/// A part of the gateway's books: payments that were made within a time, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerQuery {
    /// Made from then on,
    pub from: Timestamp,
    /// and up to then,
    pub until: Timestamp,
    /// after this one, which is newer than all of them.
    pub after: Option<GatewayId>,
}

/// A page of the gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPage {
    /// What stands on it.
    pub entries: Vec<GatewayRecord>,
    /// Whether there is another.
    pub has_more: bool,
}

/// What the comparing of books asks of the gateway. Implementations return [`GatewayError`] whenever they cannot tell.
pub trait PaymentLedger: Send + Sync {
    /// The first page of an excerpt.
    fn page(
        &self,
        excerpt: &LedgerQuery,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<LedgerPage, GatewayError>> + Send;

    /// One payment as it stands in the books; `None` if they do not have it.
    fn entry(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<GatewayRecord>, GatewayError>> + Send;

    /// Makes sure that nobody pays this any more, unless it is paid already.
    fn close(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<(), GatewayError>> + Send;
}
