//! Interface of the payment gateway for disputes.

use std::future::Future;

use crate::domain::order::OrderId;
use crate::domain::order::payment::GatewayId;
use crate::domain::values::money::Money;
use crate::kit::command::CorrelationId;
use crate::kit::system::clock::Timestamp;
use crate::payment_gateway::GatewayError;

/// Status of a dispute. An inquiry moves no funds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayDisputeStatus {
    /// Inquiry that waits for evidence.
    WarningNeedsResponse,
    /// Inquiry whose evidence is under review.
    WarningUnderReview,
    /// Inquiry that has ended without a dispute.
    WarningClosed,
    /// Dispute that waits for evidence.
    NeedsResponse,
    /// Dispute whose evidence is under review.
    UnderReview,
    /// The bank has decided for the platform.
    Won,
    /// The bank has decided for the buyer.
    Lost,
    /// Status that is not known.
    Unknown,
}

/// Present state of a dispute at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayDispute {
    /// Id of the dispute.
    pub id: GatewayId,
    /// Id of the disputed charge.
    pub charge: GatewayId,
    /// Id of the disputed payment.
    pub payment: GatewayId,
    /// Order of the payment, according to the gateway.
    pub order_id: Option<OrderId>,
    /// Disputed amount.
    pub amount: Money,
    /// Status.
    pub status: GatewayDisputeStatus,
    /// Reason of the buyer, as named by the gateway.
    pub reason: String,
    /// True if the gateway can still refund the charge.
    pub is_charge_refundable: bool,
    /// Time until which evidence can be submitted.
    pub evidence_due_by: Option<Timestamp>,
    /// Balance transactions of the withdrawn and the reinstated funds.
    pub transactions: Vec<GatewayId>,
    /// Time of the dispute.
    pub created: Timestamp,
}

/// Query of disputes created in a period, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeQuery {
    /// Start of the period.
    pub from: Timestamp,
    /// End of the period.
    pub until: Timestamp,
    /// Last dispute of the previous page.
    pub after: Option<GatewayId>,
}

/// Page of disputes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputePage {
    /// Disputes of the page. Those in currencies that are not supported are left out.
    pub disputes: Vec<GatewayDispute>,
    /// Last dispute of the page, also if it is left out.
    pub last: Option<GatewayId>,
    /// True if there is another page.
    pub has_more: bool,
}

/// Gateway operations of disputes. Implementations return [`GatewayError`] whenever the outcome is unknown.
pub trait Disputes: Send + Sync {
    /// Returns the first page of a query.
    fn disputes(
        &self,
        query: &DisputeQuery,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<DisputePage, GatewayError>> + Send;

    /// Returns the present state of a dispute, if it exists.
    fn dispute(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> impl Future<Output = Result<Option<GatewayDispute>, GatewayError>> + Send;
}
