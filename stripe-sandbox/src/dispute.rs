//! Disputes (<https://docs.stripe.com/api/disputes>), with the statuses of
//! <https://docs.stripe.com/disputes/how-disputes-work>.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::balance::BalanceTransaction;
use super::clock;
use super::collection::Identified;

/// Time to respond to a dispute. It depends on the card network.
const RESPONSE_TIME: Duration = Duration::from_hours(9 * 24);

/// Status of a dispute. An inquiry, whose statuses begin with `warning`, moves no funds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The bank asks for information.
    WarningNeedsResponse,
    /// The information is under review.
    WarningUnderReview,
    /// The inquiry has ended without a chargeback.
    WarningClosed,
    /// Evidence is required. The disputed funds are withdrawn.
    NeedsResponse,
    /// The evidence is under review.
    UnderReview,
    /// The bank has decided for the platform. The funds are reinstated.
    Won,
    /// The bank has decided for the customer.
    Lost,
}

impl DisputeStatus {
    /// Name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WarningNeedsResponse => "warning_needs_response",
            Self::WarningUnderReview => "warning_under_review",
            Self::WarningClosed => "warning_closed",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Returns true if the dispute is an inquiry that has not ended.
    #[must_use]
    pub fn is_open_inquiry(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::WarningUnderReview)
    }

    /// Returns true if funds are withdrawn and the bank has not decided.
    #[must_use]
    pub fn is_open_chargeback(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview)
    }
}

/// Dispute of a charge, in full or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// `du_…`
    pub id: String,
    /// Id of the disputed charge.
    pub charge: String,
    /// Id of the intent of the charge.
    pub payment_intent: String,
    /// Order of the intent.
    pub order_id: Option<String>,
    /// Disputed amount in the minor unit of `currency`.
    pub amount: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Status.
    pub status: DisputeStatus,
    /// Reason of the customer: `fraudulent`, `product_not_received`, …
    pub reason: String,
    /// Evidence, by the names of its parts.
    pub evidence: BTreeMap<String, String>,
    /// Number of times that evidence was submitted.
    pub submission_count: u32,
    /// Metadata of the caller.
    pub metadata: BTreeMap<String, String>,
    /// True if the charge can still be refunded.
    pub is_charge_refundable: bool,
    /// Balance transactions of the withdrawn and the reinstated funds.
    pub balance_transactions: Vec<BalanceTransaction>,
    /// Time of the dispute.
    pub created: Timestamp,
}

impl Dispute {
    /// Time until which evidence can be submitted.
    pub(super) fn due_by(&self) -> Timestamp {
        clock::after(self.created, RESPONSE_TIME)
    }
}

impl Identified for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
}
