//! Balance transactions (<https://docs.stripe.com/api/balance_transactions>), which are never changed, and the
//! balance that follows from them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Type of a balance transaction (<https://docs.stripe.com/reports/balance-transaction-types>). Those that the
/// sandbox does not make itself can be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionType {
    /// Disputed funds that were withdrawn or reinstated.
    Adjustment,
    /// Captured charge of a card.
    Charge,
    /// Captured charge of another payment method.
    Payment,
    /// Failed refund of a `payment`.
    PaymentFailureRefund,
    /// Refund of a `payment`.
    PaymentRefund,
    /// Payout to the bank account of the platform.
    Payout,
    /// Cancelled payout.
    PayoutCancel,
    /// Failed payout.
    PayoutFailure,
    /// Refund of a `charge`.
    Refund,
    /// Failed refund of a `charge`.
    RefundFailure,
    /// Funds that the gateway holds as a reserve, or releases.
    ReserveTransaction,
    /// Fee that does not belong to a charge.
    StripeFee,
    /// Funds that the platform adds to its balance.
    Topup,
    /// Transfer to a connected account.
    Transfer,
    /// Reversed transfer.
    TransferRefund,
}

impl TransactionType {
    /// Types, by their names in JSON.
    pub(super) const NAMES: [(&'static str, Self); 15] = [
        ("adjustment", Self::Adjustment),
        ("charge", Self::Charge),
        ("payment", Self::Payment),
        ("payment_failure_refund", Self::PaymentFailureRefund),
        ("payment_refund", Self::PaymentRefund),
        ("payout", Self::Payout),
        ("payout_cancel", Self::PayoutCancel),
        ("payout_failure", Self::PayoutFailure),
        ("refund", Self::Refund),
        ("refund_failure", Self::RefundFailure),
        ("reserve_transaction", Self::ReserveTransaction),
        ("stripe_fee", Self::StripeFee),
        ("topup", Self::Topup),
        ("transfer", Self::Transfer),
        ("transfer_refund", Self::TransferRefund),
    ];

    /// Name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Type with this name in JSON.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// Change of the balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceTransaction {
    /// `txn_…`
    pub id: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: TransactionType,
    /// Amount in the minor unit of `currency`, negative if it leaves the balance.
    pub amount: i64,
    /// Fee in the minor unit of `currency`, which is subtracted from the amount.
    pub fee: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Id of the charge, refund, transfer, dispute or payout that caused the change.
    pub source: Option<String>,
    /// Time of the change.
    pub created: Timestamp,
    /// Time from which the net amount is available; it is pending before.
    pub available_on: Timestamp,
}

impl BalanceTransaction {
    /// Amount minus fee: the effect on the balance.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.amount.saturating_sub(self.fee)
    }

    pub(super) fn is_available(&self, now: Timestamp) -> bool {
        self.available_on <= now
    }

    /// Category for reports (<https://docs.stripe.com/reports/reporting-categories>). Adjustments of disputes
    /// have categories of their own.
    pub(super) fn reporting_category(&self) -> &'static str {
        match self.kind {
            TransactionType::Adjustment if self.amount < 0 => "dispute",
            TransactionType::Adjustment => "dispute_reversal",
            TransactionType::Charge | TransactionType::Payment => "charge",
            TransactionType::Refund | TransactionType::PaymentRefund => "refund",
            TransactionType::RefundFailure | TransactionType::PaymentFailureRefund => "refund_failure",
            TransactionType::Payout => "payout",
            TransactionType::PayoutCancel | TransactionType::PayoutFailure => "payout_reversal",
            TransactionType::ReserveTransaction => "risk_reserved_funds",
            TransactionType::StripeFee => "fee",
            TransactionType::Topup => "topup",
            TransactionType::Transfer => "transfer",
            TransactionType::TransferRefund => "transfer_reversal",
        }
    }
}

/// Sums of the net amounts of balance transactions, by currency.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) available: BTreeMap<String, i64>,
    pub(super) pending: BTreeMap<String, i64>,
}

impl Balance {
    pub(super) fn of<'a>(
        transactions: impl IntoIterator<Item = &'a BalanceTransaction>,
        now: Timestamp,
    ) -> Self {
        let mut balance = Self::default();
        for transaction in transactions {
            let (changed, other) = if transaction.is_available(now) {
                (&mut balance.available, &mut balance.pending)
            } else {
                (&mut balance.pending, &mut balance.available)
            };
            let sum = changed.entry(transaction.currency.clone()).or_default();
            *sum = sum.saturating_add(transaction.net());
            other.entry(transaction.currency.clone()).or_default();
        }
        balance
    }

    /// Amount that is available in a currency. It is negative if refunds exceed the available funds.
    pub(super) fn available_in(&self, currency: &str) -> i64 {
        self.available.get(currency).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(amount: i64, fee: i64, available_on: i64) -> BalanceTransaction {
        BalanceTransaction {
            id: "txn_1".to_owned(),
            kind: TransactionType::Charge,
            amount,
            fee,
            currency: "eur".to_owned(),
            source: None,
            created: Timestamp::UNIX_EPOCH,
            available_on: Timestamp::from_second(available_on).unwrap(),
        }
    }

    #[test]
    fn balance_sums_net_amounts_by_availability() {
        let all = [transaction(1_000, 40, 10), transaction(500, 33, 20), transaction(-2_000, 0, 0)];
        let now = Timestamp::from_second(10).unwrap();
        let balance = Balance::of(&all, now);
        assert_eq!((balance.available_in("eur"), balance.pending["eur"]), (-1_040, 467));
        assert_eq!(balance.available_in("usd"), 0);
    }

    #[test]
    fn every_type_has_a_name_that_is_also_its_json() {
        for (name, kind) in TransactionType::NAMES {
            assert_eq!((kind.as_str(), TransactionType::of(name)), (name, Some(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), name);
        }
    }
}
