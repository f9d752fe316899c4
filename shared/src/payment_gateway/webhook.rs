//! Webhooks of the payment gateway: signed, delivered at least once, in any order.
//!
//! The signature is Stripe's (<https://docs.stripe.com/webhooks#verify-manually>): `t=<seconds>,v1=<hex>,…`,
//! where each `v1` is the HMAC-SHA-256 of `<t>.<body>` under one secret; there are several while a secret is
//! being replaced.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde::Deserialize;

use crate::domain::order::OrderId;
use crate::domain::order::payment::{Capture, GatewayId};
use crate::domain::values::money::{Amount, Currency, Money};
use crate::kit::error::{ApiError, ErrorCode};
use crate::kit::system::clock::Timestamp;
use crate::kit::system::config::{ConfigError, Environment};

/// Maximum difference between the time of a signature and ours; the default of Stripe's libraries.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// Verifier of webhook signatures.
#[derive(Debug, Clone)]
pub struct WebhookVerifier {
    key: hmac::Key,
}

/// Reason for rejecting a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The signature is missing, malformed or made with another key.
    #[error("the webhook is not signed by the payment gateway")]
    InvalidSignature,
    /// The signature's time is too far in the past or future; it may be a replay.
    #[error("the time of the webhook signature is more than 5 minutes in the past or future")]
    Stale,
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        let code = match error {
            WebhookError::InvalidSignature => ErrorCode::InvalidSignature,
            WebhookError::Stale => ErrorCode::StaleWebhook,
        };
        Self::new(code, error.to_string())
    }
}

impl WebhookVerifier {
    /// Creates a verifier with the secret of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if the variable is missing.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self::new(env.text("AGORA_PAYMENT_WEBHOOK_SECRET")?))
    }

    /// Creates a verifier with a secret, `whsec_…`.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) }
    }

    /// Verifies the signature of the raw `body`. Digests are compared in constant time. The time is checked
    /// only for valid signatures.
    ///
    /// # Errors
    /// [`WebhookError`] if the signature is invalid, or its time too far in the past or future.
    pub fn verify(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<(), WebhookError> {
        let parts: Vec<(&str, &str)> = signature.split(',').filter_map(|part| part.split_once('=')).collect();
        let mut times = parts.iter().filter(|(name, _)| *name == "t").map(|(_, value)| *value);
        let (Some(time), None) = (times.next(), times.next()) else {
            return Err(WebhookError::InvalidSignature);
        };
        let seconds: i64 = time.parse().map_err(|_| WebhookError::InvalidSignature)?;
        let signed = [time.as_bytes(), b".", body].concat();
        let mut digests =
            parts.iter().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| decode_digest(hex));
        if !digests.any(|digest| hmac::verify(&self.key, &signed, &digest).is_ok()) {
            return Err(WebhookError::InvalidSignature);
        }
        let difference = now.as_seconds().abs_diff(seconds);
        if difference <= TOLERANCE.as_secs() { Ok(()) } else { Err(WebhookError::Stale) }
    }
}

fn decode_digest(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Webhook body. Fields that Agora does not use are ignored. Thin events and pings have no `data.object`
/// (<https://docs.stripe.com/event-destinations>).
#[derive(Debug, Clone, Deserialize)]
pub struct GatewayEvent {
    /// Id of the event, the same for every delivery of it.
    pub id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: serde_json::Value,
    /// Connected account of the event; `None` if it is one of the platform.
    account: Option<String>,
}

/// The fields of a charge or a refund that we use. The state is not among them: an event can be late, so the
/// present state is read from the gateway.
#[derive(Debug, Deserialize)]
struct ChargeOrRefund {
    payment_intent: Option<String>,
}

/// The fields of a payment intent that we use.
#[derive(Debug, Deserialize)]
struct Intent {
    id: String,
    amount_received: i64,
    currency: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    order_id: Option<String>,
}

/// Interpretation of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookEvent {
    /// Money was captured for an order.
    Captured(OrderId, Capture),
    /// A payment for an order was declined.
    Declined(OrderId),
    /// Money was captured for an order, in an unsupported currency or amount.
    UnsupportedAmount(OrderId),
    /// A refund of this payment was made or has changed. Its state must be read from the gateway.
    RefundsChanged(GatewayId),
    /// The event is not relevant to us.
    Ignored,
}

impl GatewayEvent {
    /// Interprets the webhook as a change of a payment or its refunds. Payments of connected accounts are their
    /// own.
    #[must_use]
    pub fn report(&self) -> WebhookEvent {
        if self.account.is_some() {
            return WebhookEvent::Ignored;
        }
        let captured = match self.kind.as_str() {
            "payment_intent.succeeded" => true,
            "payment_intent.payment_failed" => false,
            "charge.refunded"
            | "charge.refund.updated"
            | "refund.created"
            | "refund.updated"
            | "refund.failed" => return self.refunded_payment(),
            _ => return WebhookEvent::Ignored,
        };
        let intent = self.data.get("object").and_then(|object| Intent::deserialize(object).ok());
        let Some(intent) = intent else { return WebhookEvent::Ignored };
        let order_id = intent.metadata.order_id.as_deref().and_then(|id| id.parse().ok());
        let Some(order_id) = order_id else { return WebhookEvent::Ignored };
        if !captured {
            return WebhookEvent::Declined(order_id);
        }
        intent.capture().map_or(WebhookEvent::UnsupportedAmount(order_id), |capture| {
            WebhookEvent::Captured(order_id, capture)
        })
    }

    fn refunded_payment(&self) -> WebhookEvent {
        let object = self.data.get("object").and_then(|object| ChargeOrRefund::deserialize(object).ok());
        let payment = object.and_then(|object| object.payment_intent);
        payment.map_or(WebhookEvent::Ignored, |id| WebhookEvent::RefundsChanged(GatewayId(id)))
    }
}

impl Intent {
    fn capture(self) -> Option<Capture> {
        let currency: Currency = self.currency.to_ascii_uppercase().parse().ok()?;
        let amount = Amount::try_from(self.amount_received).ok()?;
        Some(Capture { gateway_id: GatewayId(self.id), amount: Money::new(amount, currency) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    /// `printf '%s' '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`
    const DIGEST: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    fn verify(signature: &str, now: i64) -> Result<(), WebhookError> {
        WebhookVerifier::new("whsec_test").verify(signature, BODY, Timestamp::from_millis(now * 1_000))
    }

    #[test]
    fn one_valid_signature_among_several_is_enough() {
        let zeros = "0".repeat(64);
        for signature in [
            format!("t=1700000000,v1={DIGEST}"),
            format!("t=1700000000,v1={zeros},v1={DIGEST},v0=abc"),
            format!("v1={},t=1700000000,scheme", DIGEST.to_ascii_uppercase()),
        ] {
            assert_eq!(verify(&signature, 1_700_000_000), Ok(()), "{signature}");
        }
    }

    #[test]
    fn any_other_signature_is_invalid_regardless_of_its_age() {
        let zeros = "0".repeat(64);
        for signature in [
            String::new(),
            format!("v1={DIGEST}"),
            "t=1700000000".to_owned(),
            format!("t=1700000000,v0={DIGEST}"),
            format!("t=1700000000,v1={zeros}"),
            format!("t=1700000000,v1={}", &DIGEST[..62]),
            format!("t=1700000000,v1={DIGEST}00"),
            format!("t=1700000001,v1={DIGEST}"),
            format!("t=01700000000,v1={DIGEST}"),
            format!("t=now,v1={DIGEST}"),
            format!("t=1700000000,t=1700000000,v1={DIGEST}"),
        ] {
            for now in [0, 1_700_000_000, 1_800_000_000] {
                assert_eq!(verify(&signature, now), Err(WebhookError::InvalidSignature), "{signature}");
            }
        }
    }

    #[test]
    fn signature_is_valid_for_five_minutes_either_way() {
        let signature = format!("t=1700000000,v1={DIGEST}");
        for (difference, expected) in [(300, Ok(())), (301, Err(WebhookError::Stale))] {
            assert_eq!(verify(&signature, 1_700_000_000 + difference), expected);
            assert_eq!(verify(&signature, 1_700_000_000 - difference), expected);
        }
    }
}
