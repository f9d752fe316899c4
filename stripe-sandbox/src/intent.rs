//! `PaymentIntents` and their charges, with the states of
//! <https://docs.stripe.com/payments/paymentintents/lifecycle>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::test_cards::{ChargeResult, Decline};

/// Status of a `PaymentIntent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// No payment method is attached, or the last attempt was declined.
    RequiresPaymentMethod,
    /// A payment method is attached and the intent is not confirmed.
    RequiresConfirmation,
    /// The customer must authenticate.
    RequiresAction,
    /// The amount is captured.
    Succeeded,
    /// The intent is cancelled and cannot be charged any more.
    Canceled,
}

impl IntentStatus {
    /// Name in JSON.
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

/// Redirection of the customer to another page by automatic payment methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowRedirects {
    /// They may, so a confirmation needs a return URL.
    Always,
    /// They may not.
    Never,
}

/// Amount that a customer is to pay, with every attempt to charge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: String,
    /// Amount in the minor unit of `currency`.
    pub amount: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Status.
    pub status: IntentStatus,
    /// Payment method of the last attempt, unless it was declined.
    pub payment_method: Option<String>,
    /// Metadata of the caller. `order_id` is the order.
    pub metadata: BTreeMap<String, String>,
    /// Description by the caller.
    pub description: Option<String>,
    /// Group of payments by the caller, for which charges can be listed.
    #[serde(default)]
    pub transfer_group: Option<String>,
    /// URL that the customer returns to after authentication.
    pub return_url: Option<String>,
    /// True if Stripe.js handles the authentication in the page of the caller.
    #[serde(default)]
    pub use_stripe_sdk: bool,
    /// Value of `allow_redirects` if payment methods are selected automatically.
    #[serde(default)]
    pub automatic_payment_methods: Option<AllowRedirects>,
    /// Payment method of the last attempt, if the customer failed to authenticate.
    #[serde(default)]
    pub authentication_failed: Option<String>,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change. Search lag refers to it.
    pub updated: Timestamp,
    /// Time of cancellation.
    pub canceled_at: Option<Timestamp>,
    /// Reason of the cancellation.
    pub cancellation_reason: Option<String>,
    /// Client secret for the browser.
    pub client_secret: String,
    /// Idempotency key of the call that created the intent.
    pub idempotency_key: Option<String>,
    /// Charges, oldest first.
    pub charges: Vec<Charge>,
}

/// Attempt to charge an intent. It is captured immediately, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
    /// Requested amount in the minor unit of `currency`.
    pub amount: i64,
    /// Captured amount: `amount`, or 0 if the charge failed.
    pub amount_captured: i64,
    /// Sum of the refunds so far.
    pub amount_refunded: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Charged payment method.
    pub payment_method: String,
    /// Metadata of the intent at the time of the charge.
    pub metadata: BTreeMap<String, String>,
    /// Failure of the charge. `None` if it succeeded.
    pub failure: Option<ChargeFailure>,
    /// Id of the balance transaction of the captured amount.
    #[serde(default)]
    pub balance_transaction: Option<String>,
    /// True if the charge was disputed, also if the dispute was won.
    #[serde(default)]
    pub disputed: bool,
    /// Idempotency key of the call that made the charge.
    pub idempotency_key: Option<String>,
    /// Time of the charge.
    pub created: Timestamp,
}

/// Failure of a charge, with Stripe's codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeFailure {
    /// Error code: `card_declined`, `expired_card`, …
    pub code: String,
    /// Decline code of the issuer, if any: `insufficient_funds`, …
    pub decline_code: Option<String>,
    /// User-facing message.
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

/// Attempt to charge an intent.
pub(super) struct Attempt<'a> {
    pub(super) charge_id: String,
    pub(super) payment_method: &'a str,
    pub(super) charge_result: ChargeResult,
    pub(super) idempotency_key: Option<&'a str>,
    /// Id of the balance transaction, if the attempt succeeds.
    pub(super) balance_transaction: Option<&'a str>,
    pub(super) now: Timestamp,
}

impl PaymentIntent {
    /// The captured charge.
    #[must_use]
    pub fn captured_charge(&self) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.failure.is_none())
    }

    /// Value of `order_id` in the metadata.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.metadata.get("order_id").map(String::as_str)
    }

    pub(super) fn latest_charge(&self) -> Option<&Charge> {
        self.charges.last()
    }

    /// Failure of the last attempt. `None` if the payment has continued since.
    pub(super) fn last_failure(&self) -> Option<(&Charge, &ChargeFailure)> {
        let continued = matches!(self.status, IntentStatus::RequiresAction | IntentStatus::Succeeded);
        let charge = self.latest_charge().filter(|_| !continued)?;
        Some((charge, charge.failure.as_ref()?))
    }

    /// Payment method whose authentication failed in the last attempt. `None` if the payment has continued
    /// since.
    pub(super) fn failed_authentication(&self) -> Option<&str> {
        self.authentication_failed.as_deref().filter(|_| self.status != IntentStatus::Succeeded)
    }

    /// Returns true if a confirmation without a return URL is refused
    /// (<https://docs.stripe.com/api/payment_intents/create#create_payment_intent-automatic_payment_methods>).
    pub(super) fn lacks_return_url(&self) -> bool {
        self.automatic_payment_methods == Some(AllowRedirects::Always) && self.return_url.is_none()
    }

    pub(super) fn is_open(&self) -> bool {
        !matches!(self.status, IntentStatus::Succeeded | IntentStatus::Canceled)
    }

    /// The intent after a charge attempt.
    pub(super) fn with_attempt(mut self, attempt: &Attempt<'_>) -> Self {
        self.updated = attempt.now;
        self.payment_method = Some(attempt.payment_method.to_owned());
        self.authentication_failed = None;
        match attempt.charge_result {
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

    /// The intent after the customer failed to authenticate. No charge is attempted.
    pub(super) fn with_failed_authentication(mut self, now: Timestamp) -> Self {
        self.status = IntentStatus::RequiresPaymentMethod;
        self.updated = now;
        self.authentication_failed = self.payment_method.take();
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
            balance_transaction: attempt.balance_transaction.filter(|_| failure.is_none()).map(str::to_owned),
            failure,
            disputed: false,
            idempotency_key: attempt.idempotency_key.map(str::to_owned),
            created: attempt.now,
        }
    }

    /// The intent after its cancellation.
    pub(super) fn with_cancellation(mut self, reason: Option<String>, now: Timestamp) -> Self {
        self.status = IntentStatus::Canceled;
        self.updated = now;
        self.canceled_at = Some(now);
        self.cancellation_reason = reason;
        self
    }

    /// The intent after a dispute of its captured charge.
    pub(super) fn with_dispute(mut self, now: Timestamp) -> Self {
        self.updated = now;
        self.charges
            .iter_mut()
            .filter(|charge| charge.failure.is_none())
            .for_each(|charge| charge.disputed = true);
        self
    }

    /// The intent after a refund of `amount`, which is negative if a refund has failed.
    pub(super) fn with_refund(mut self, amount: i64, now: Timestamp) -> Self {
        self.updated = now;
        if let Some(charge) = self.charges.iter_mut().find(|charge| charge.failure.is_none()) {
            charge.amount_refunded = charge.amount_refunded.saturating_add(amount);
        }
        self
    }
}

impl Charge {
    /// Amount that can still be refunded.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        self.amount_captured.saturating_sub(self.amount_refunded)
    }
}
