//! `PaymentIntents` and their charges: the state machine of <https://docs.stripe.com/payments/paymentintents/lifecycle>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::test_cards::{ChargeResult, Decline};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// No payment method yet, or the last one was declined.
    RequiresPaymentMethod,
    /// A payment method is there; nobody has confirmed.
    RequiresConfirmation,
    /// The customer has to authenticate.
    RequiresAction,
    /// The money is captured.
    Succeeded,
    /// Given up; nothing can be charged any more.
    Canceled,
}

impl IntentStatus {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// An amount that a customer is to pay, and every attempt to take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: String,
    /// In the minor unit of `currency`.
    pub amount: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// Where the payment stands.
    pub status: IntentStatus,
    /// The payment method of the last attempt, unless it was declined.
    pub payment_method: Option<String>,
    /// What the caller attached; the order is under `order_id`.
    pub metadata: BTreeMap<String, String>,
    /// What the caller says it is for.
    pub description: Option<String>,
    /// Where a redirect for authentication returns to.
    pub return_url: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed; a lagging search goes by it.
    pub updated: Timestamp,
    /// When it was cancelled.
    pub canceled_at: Option<Timestamp>,
    /// Why it was cancelled.
    pub cancellation_reason: Option<String>,
    /// What a browser would confirm with.
    pub client_secret: String,
    /// The idempotency key of the call that created it.
    pub idempotency_key: Option<String>,
    /// Every attempt, in order.
    pub charges: Vec<Charge>,
}

/// One attempt to take the money; it is captured at once, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
    /// What was asked of the card, in the minor unit of `currency`.
    pub amount: i64,
    /// What was taken: `amount`, or 0 for a failed charge.
    pub amount_captured: i64,
    /// The sum of the refunds so far.
    pub amount_refunded: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// The payment method it was tried on.
    pub payment_method: String,
    /// The metadata of the intent at the time of the charge.
    pub metadata: BTreeMap<String, String>,
    /// Why it failed; nothing when it succeeded.
    pub failure: Option<ChargeFailure>,
    /// The idempotency key of the call that charged.
    pub idempotency_key: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// Why a charge failed, in Stripe's codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeFailure {
    /// `card_declined`, `expired_card`, …
    pub code: String,
    /// `insufficient_funds`, … when the issuer gave a reason.
    pub decline_code: Option<String>,
    /// For people to read.
    pub message: String,
}

impl From<Decline> for ChargeFailure {
    fn from(decline: Decline) -> Self {
        Self {
            code: decline.code.to_owned(),
            decline_code: decline.issuer_code.map(str::to_owned),
            message: decline.message.to_owned(),
        }
    }
}

/// An attempt to take the money of an intent.
pub(super) struct Attempt<'a> {
    pub(super) charge_id: String,
    pub(super) payment_method: &'a str,
    pub(super) verdict: ChargeResult,
    pub(super) idempotency_key: Option<&'a str>,
    pub(super) now: Timestamp,
}

impl PaymentIntent {
    /// The charge that took the money.
    #[must_use]
    pub fn captured_charge(&self) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.failure.is_none())
    }

    /// The value of `order_id` in the metadata.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.metadata.get("order_id").map(String::as_str)
    }

    pub(super) fn latest_charge(&self) -> Option<&Charge> {
        self.charges.last()
    }

    /// Why the last attempt failed; forgotten once the payment goes on.
    pub(super) fn last_failure(&self) -> Option<(&Charge, &ChargeFailure)> {
        let goes_on = matches!(self.status, IntentStatus::RequiresAction | IntentStatus::Succeeded);
        let charge = self.latest_charge().filter(|_| !goes_on)?;
        Some((charge, charge.failure.as_ref()?))
    }

    pub(super) fn is_open(&self) -> bool {
        !matches!(self.status, IntentStatus::Succeeded | IntentStatus::Canceled)
    }

    /// The intent after `attempt`.
    pub(super) fn attempted(mut self, attempt: &Attempt<'_>) -> Self {
        self.updated = attempt.now;
        self.payment_method = Some(attempt.payment_method.to_owned());
        match attempt.verdict {
            ChargeResult::RequiresAction => self.status = IntentStatus::RequiresAction,
            ChargeResult::Succeeds => {
                self.status = IntentStatus::Succeeded;
                self.charges.push(self.charge(attempt, None));
            }
            ChargeResult::Declines(decline) => {
                self.status = IntentStatus::RequiresPaymentMethod;
                self.payment_method = None;
                self.charges.push(self.charge(attempt, Some(decline.into())));
            }
        }
        self
    }

    fn charge(&self, attempt: &Attempt<'_>, failure: Option<ChargeFailure>) -> Charge {
        Charge {
            id: attempt.charge_id.clone(),
            amount: self.amount,
            amount_captured: if failure.is_none() { self.amount } else { 0 },
            amount_refunded: 0,
            currency: self.currency.clone(),
            payment_method: attempt.payment_method.to_owned(),
            metadata: self.metadata.clone(),
            failure,
            idempotency_key: attempt.idempotency_key.map(str::to_owned),
            created: attempt.now,
        }
    }

    /// The intent after it was given up.
    pub(super) fn canceled(mut self, reason: Option<String>, now: Timestamp) -> Self {
        self.status = IntentStatus::Canceled;
        self.updated = now;
        self.canceled_at = Some(now);
        self.cancellation_reason = reason;
        self
    }

    /// The intent after `amount` went back to the customer.
    pub(super) fn refunded(mut self, amount: i64, now: Timestamp) -> Self {
        self.updated = now;
        if let Some(charge) = self.charges.iter_mut().find(|charge| charge.failure.is_none()) {
            charge.amount_refunded = charge.amount_refunded.saturating_add(amount);
        }
        self
    }
}

impl Charge {
    /// What may still be refunded.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        self.amount_captured.saturating_sub(self.amount_refunded)
    }
}
