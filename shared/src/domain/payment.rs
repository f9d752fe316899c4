//! Payments: what the gateway took for an order, and what it gave back.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::order::OrderId;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Money, MoneyError};
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// The id of a [`Payment`].
pub type PaymentId = Id<Payment>;

/// What was captured for an order. It is stored under its order, so that there can be only one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Counts its changes.
    pub version: Version,
    /// What it pays for.
    pub order_id: OrderId,
    /// The gateway's own id of it.
    pub gateway_id: GatewayId,
    /// What was captured.
    pub captured: Money,
    /// What of it was given back.
    pub refunded: Money,
    /// When it was captured.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Identified for Payment {
    const PREFIX: &'static str = "pay";
}

/// An id that the gateway gave, like `pi_…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GatewayId(pub String);

impl fmt::Display for GatewayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The gateway's token for a means of payment, like `pm_card_visa`: 3 to 100 of `A-Z a-z 0-9 _`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentMethod(String);

/// Text that is no payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the payment gateway's token for a means of payment, like pm_card_visa")]
pub struct PaymentMethodError;

impl PaymentMethod {
    /// The rule, as a regular expression.
    pub const PATTERN: &str = "^[A-Za-z0-9_]{3,100}$";

    /// The token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PaymentMethod {
    type Err = PaymentMethodError;

    fn from_str(text: &str) -> Result<Self, PaymentMethodError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let valid = (3..=100).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(PaymentMethodError) }
    }
}

impl TryFrom<String> for PaymentMethod {
    type Error = PaymentMethodError;

    fn try_from(text: String) -> Result<Self, PaymentMethodError> {
        text.parse()
    }
}

impl From<PaymentMethod> for String {
    fn from(method: PaymentMethod) -> Self {
        method.0
    }
}

/// How long the gateway surely remembers an idempotency key; it promises 24 hours.
pub(crate) const KEY_LIFETIME: Duration = Duration::from_hours(23);

/// The decision to charge, made before the gateway hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargeIntent {
    /// For what.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
    /// To what.
    pub method: PaymentMethod,
    /// Counts the charges decided on, from 1: a further one only once it is certain that the one before was not made.
    pub attempt: u32,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When the gateway was found to repeat a failure of its own under the key. It charges nothing under it any more; whether it
    /// had charged, nobody but its search can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
}

impl ChargeIntent {
    /// The first charge of an order.
    #[must_use]
    pub const fn first(order_id: OrderId, amount: Money, method: PaymentMethod, now: Timestamp) -> Self {
        Self { order_id, amount, method, attempt: 1, decided_at: now, failed_at: None }
    }

    /// The key under which the gateway does it at most once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-charge-{}", self.order_id, self.attempt)
    }

    /// The next charge, after this one is certain not to have been made.
    #[must_use]
    pub fn next_attempt(self, now: Timestamp) -> Self {
        Self { attempt: self.attempt.saturating_add(1), decided_at: now, failed_at: None, ..self }
    }

    /// The same, now that the gateway repeats a failure of its own.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        Self { failed_at: Some(now), ..self }
    }

    /// Whether asking under the key still tells what became of the charge.
    #[must_use]
    pub fn key_is_live(&self, now: Timestamp) -> bool {
        self.failed_at.is_none() && now.duration_since(self.decided_at) < KEY_LIFETIME
    }

    /// From when on nothing is charged under the key any more: we do not ask under it.
    #[must_use]
    pub fn key_expires_at(&self) -> Timestamp {
        self.failed_at.unwrap_or_else(|| self.decided_at.saturating_add(KEY_LIFETIME))
    }
}

/// The decision to let the buyer pay, made before the gateway hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckoutIntent {
    /// For what.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}

impl CheckoutIntent {
    /// The key under which the gateway makes one thing to pay; a further attempt is for when the gateway has stored a
    /// failure of its own under the first. What only the gateway knows of, nobody pays.
    #[must_use]
    pub fn idempotency_key(&self, attempt: u32) -> String {
        format!("{}-checkout-{attempt}", self.order_id)
    }
}

/// What the buyer pays at the gateway, who brings the means of payment along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkout {
    /// The gateway's own id of it.
    pub gateway_id: GatewayId,
    /// With which the buyer's browser pays it. Nobody else's business.
    pub client_secret: ClientSecret,
}

/// With which a browser pays at the gateway.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// What the gateway says it captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The gateway's id of it.
    pub gateway_id: GatewayId,
    /// How much.
    pub amount: Money,
}

/// Why the gateway declined, in its own closed vocabulary (like `card_declined`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeclineCode(String);

impl DeclineCode {
    /// The gateway's code, cut down to what such a code looks like.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self(code.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(64).collect())
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeclineCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What others hear of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum PaymentEvent {
    /// The gateway took the money.
    #[serde(rename = "payment.captured")]
    Captured(PaymentEventData),
    /// The gateway gave money back.
    #[serde(rename = "payment.refunded")]
    Refunded(PaymentEventData),
}

/// What an event says of its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentEventData {
    /// Which.
    pub payment_id: PaymentId,
    /// For what.
    pub order_id: OrderId,
    /// How much this time.
    pub amount: Money,
}

impl Event for PaymentEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Captured(_) => "payment.captured",
            Self::Refunded(_) => "payment.refunded",
        }
    }
}

impl Payment {
    /// The id of the one payment of an order.
    #[must_use]
    pub fn id_for(order: OrderId) -> PaymentId {
        order.cast()
    }

    /// The payment that a capture makes.
    #[must_use]
    pub fn captured(order_id: OrderId, capture: &Capture, now: Timestamp) -> Self {
        Self {
            id: Self::id_for(order_id),
            version: Version::FIRST,
            order_id,
            gateway_id: capture.gateway_id.clone(),
            captured: capture.amount,
            refunded: Money::zero(capture.amount.currency()),
            created_at: now,
            updated_at: now,
        }
    }

    /// The payment with so much more of it given back.
    ///
    /// # Errors
    /// [`MoneyError`] if that is more than was captured.
    pub fn refund(self, amount: Money, now: Timestamp) -> Result<Self, MoneyError> {
        let refunded = self.refunded.checked_add(amount)?;
        self.captured.checked_sub(refunded)?;
        Ok(Self { version: self.version.next(), refunded, updated_at: now, ..self })
    }

    /// Whether all of it was given back.
    #[must_use]
    pub fn is_fully_refunded(&self) -> bool {
        self.refunded == self.captured
    }

    /// What an event says of it.
    #[must_use]
    pub const fn facts(&self, amount: Money) -> PaymentEventData {
        PaymentEventData { payment_id: self.id, order_id: self.order_id, amount }
    }
}
