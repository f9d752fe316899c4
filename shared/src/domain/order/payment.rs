//! Payments: the amounts captured and refunded by the payment gateway for an order.

mod charge_intent;
pub mod refund;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::market::MarketId;
use crate::domain::order::OrderId;
use crate::domain::order::payment::refund::{Refund, left_of};
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::money::{Money, MoneyError};
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;
pub use charge_intent::ChargeIntent;

/// Id of a [`Payment`].
pub type PaymentId = Id<Payment>;

/// Payment of an order. Its key is derived from the order, so an order has at most one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Id of the payment.
    pub id: PaymentId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Id of the order.
    pub order_id: OrderId,
    /// Id of the payment at the gateway.
    pub gateway_id: GatewayId,
    /// Captured amount.
    pub captured: Money,
    /// Refunded amount.
    pub refunded: Money,
    /// Time at which the capture was recorded.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Identified for Payment {
    const PREFIX: &'static str = "pay";
    const NOUN: &'static str = "payment";
}

/// Id assigned by the gateway, for example `pi_…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GatewayId(pub String);

impl fmt::Display for GatewayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Payment method token of the gateway, for example `pm_card_visa`: 3 to 100 characters of `A-Z a-z 0-9 _`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentMethod(String);

/// The text is not a payment method token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a payment method token of the payment gateway, like pm_card_visa")]
pub struct PaymentMethodError;

impl PaymentMethod {
    /// Allowed tokens, as a regular expression.
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

/// Time for which the gateway certainly stores an idempotency key; it guarantees 24 hours.
pub(crate) const KEY_LIFETIME: Duration = Duration::from_hours(23);

/// Decision to create a checkout, made before the gateway is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckoutIntent {
    /// Id of the order.
    pub order_id: OrderId,
    /// Amount to pay.
    pub amount: Money,
}

impl CheckoutIntent {
    /// Idempotency key, with which the gateway creates one checkout. A further attempt is needed if the
    /// gateway has stored an error for the previous key. A checkout that only the gateway knows is never
    /// paid.
    #[must_use]
    pub fn idempotency_key(&self, attempt: u32) -> String {
        format!("{}-checkout-{attempt}", self.order_id)
    }
}

/// Checkout at the gateway, where the buyer pays with a payment method of their choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkout {
    /// Id of the checkout at the gateway.
    pub gateway_id: GatewayId,
    /// Secret with which the buyer's browser pays. Returned only to the buyer.
    pub client_secret: ClientSecret,
}

/// Secret with which a browser pays at the gateway.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// Capture as reported by the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Id of the payment at the gateway.
    pub gateway_id: GatewayId,
    /// Captured amount.
    pub amount: Money,
}

/// Reason code with which the gateway declined, for example `card_declined`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeclineCode(String);

impl DeclineCode {
    /// Reduces the gateway's code to the characters and the length of a valid code.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self(code.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(64).collect())
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if a refund was refused because less than its amount is left of the charge
    /// (<https://docs.stripe.com/error-codes>).
    #[must_use]
    pub fn is_too_little_left(&self) -> bool {
        matches!(self.as_str(), "amount_too_large" | "charge_already_refunded")
    }
}

impl fmt::Debug for DeclineCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Event of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum PaymentEvent {
    /// The gateway captured the payment.
    #[serde(rename = "payment.captured")]
    Captured(PaymentEventData),
    /// The gateway made a refund.
    #[serde(rename = "payment.refunded")]
    Refunded(PaymentEventData),
    /// A refund that the gateway had made has failed.
    #[serde(rename = "payment.refund_failed")]
    RefundFailed(PaymentEventData),
}

/// Data of a payment event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentEventData {
    /// Id of the payment.
    pub payment_id: PaymentId,
    /// Id of the order.
    pub order_id: OrderId,
    /// Market of the order.
    pub market_id: MarketId,
    /// Amount of this capture or refund.
    pub amount: Money,
}

impl Event for PaymentEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Captured(_) => "payment.captured",
            Self::Refunded(_) => "payment.refunded",
            Self::RefundFailed(_) => "payment.refund_failed",
        }
    }

    fn scope(&self) -> Option<String> {
        let (Self::Captured(data) | Self::Refunded(data) | Self::RefundFailed(data)) = self;
        Some(data.market_id.to_string())
    }
}

impl Payment {
    /// Id of the payment of an order.
    #[must_use]
    pub fn id_for(order: OrderId) -> PaymentId {
        order.cast()
    }

    /// Amount that can still be refunded. Pending `refunds` of the order count as refunded.
    #[must_use]
    pub fn refundable(&self, refunds: &[Refund]) -> Money {
        let own = refunds
            .iter()
            .filter(|refund| refund.gateway_id == self.gateway_id && !refund.status.is_unmade());
        left_of(self.captured, own)
    }

    /// Payment created by a capture.
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

    /// Adds a refund.
    ///
    /// # Errors
    /// [`MoneyError`] if more is refunded than was captured.
    pub fn refund(self, amount: Money, now: Timestamp) -> Result<Self, MoneyError> {
        let refunded = self.refunded.checked_add(amount)?;
        self.captured.checked_sub(refunded)?;
        Ok(Self { version: self.version.next(), refunded, updated_at: now, ..self })
    }

    /// Subtracts a refund that has failed after it was made.
    ///
    /// # Errors
    /// [`MoneyError`] if more fails than was refunded.
    pub fn refund_failed(self, amount: Money, now: Timestamp) -> Result<Self, MoneyError> {
        let refunded = self.refunded.checked_sub(amount)?;
        Ok(Self { version: self.version.next(), refunded, updated_at: now, ..self })
    }

    /// Returns true if the captured amount is fully refunded.
    #[must_use]
    pub fn is_fully_refunded(&self) -> bool {
        self.refunded == self.captured
    }

    /// Data of an event of an order's payment in this market, with the amount of the capture or refund.
    #[must_use]
    pub const fn event_data(&self, market_id: MarketId, amount: Money) -> PaymentEventData {
        PaymentEventData { payment_id: self.id, order_id: self.order_id, market_id, amount }
    }
}
