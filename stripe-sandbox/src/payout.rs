//! Payouts to bank accounts (<https://docs.stripe.com/api/payouts>). They are manual: nothing leaves the balance
//! by itself.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock;
use super::collection::Identified;

/// Time until a payout arrives. It depends on the bank.
const ARRIVAL_TIME: Duration = Duration::from_hours(2 * 24);

/// Status of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutStatus {
    /// The payout was not sent to the bank yet.
    Pending,
    /// The payout has arrived. It can still fail.
    Paid,
    /// The bank has returned the payout.
    Failed,
    /// The payout was cancelled.
    Canceled,
}

impl PayoutStatus {
    /// Name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

/// Payout of the platform or of a connected account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// `po_…`
    pub id: String,
    /// Connected account. `None` if it is a payout of the platform.
    pub account: Option<String>,
    /// Amount in the minor unit of `currency`.
    pub amount: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Status.
    pub status: PayoutStatus,
    /// Id of the balance transaction of a payout of the platform.
    pub balance_transaction: Option<String>,
    /// Id of the balance transaction that returned the amount after the payout failed or was cancelled.
    pub failure_balance_transaction: Option<String>,
    /// Time of creation.
    pub created: Timestamp,
}

impl Payout {
    pub(super) fn arrival_date(&self) -> Timestamp {
        clock::after(self.created, ARRIVAL_TIME)
    }

    /// Returns true if the amount has left the balance.
    #[must_use]
    pub fn is_effective(&self) -> bool {
        matches!(self.status, PayoutStatus::Pending | PayoutStatus::Paid)
    }
}

impl Identified for Payout {
    fn id(&self) -> &str {
        &self.id
    }
}
