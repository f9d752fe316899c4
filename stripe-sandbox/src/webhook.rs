//! Webhooks: event objects (<https://docs.stripe.com/api/events/object>), their signature and the delivery
//! queue.

mod delivery;
mod delivery_queue;
mod sender;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stripe_json::API_VERSION;
pub(super) use delivery_queue::{Delivery, Outbox, Scope};
pub(super) use sender::WebhookSender;

/// Event with the exact payload that is sent and signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) payload: String,
    /// Connected account of the event. `None` if it is an event of the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

/// Webhook endpoint with the secret that signs its webhooks.
#[derive(Clone, Debug)]
pub(super) struct WebhookEndpoint {
    pub(super) url: String,
    pub(super) secret: String,
}

/// Endpoint that an event is sent to (<https://docs.stripe.com/connect/webhooks>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Platform,
    Connect,
}

impl Event {
    pub(super) fn new(
        id: String,
        kind: &str,
        object: &Value,
        request_id: &str,
        idempotency_key: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let payload = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": now.as_second(),
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": request_id, "idempotency_key": idempotency_key },
            "type": kind,
        });
        Self { id, payload: payload.to_string(), account: None }
    }

    /// The event as one of a connected account.
    pub(super) fn of_account(self, account: &str) -> Self {
        let mut payload: Value = serde_json::from_str(&self.payload).unwrap_or_default();
        payload["account"] = json!(account);
        Self { payload: payload.to_string(), account: Some(account.to_owned()), ..self }
    }

    pub(super) fn destination(&self) -> Destination {
        if self.account.is_some() { Destination::Connect } else { Destination::Platform }
    }
}

/// Value of the `Stripe-Signature` header for a payload sent at `at`
/// (<https://docs.stripe.com/webhooks#verify-manually>).
///
/// ```
/// # use stripe_sandbox::signature;
/// let value = signature("whsec_test", jiff::Timestamp::UNIX_EPOCH, "{}");
/// assert!(value.starts_with("t=0,v1="));
/// ```
#[must_use]
pub fn signature(webhook_secret: &str, at: Timestamp, payload: &str) -> String {
    let second = at.as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, webhook_secret.as_bytes());
    let tag = hmac::sign(&key, format!("{second}.{payload}").as_bytes());
    let digits = tag.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    format!("t={second},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_is_the_hmac_of_time_and_payload() {
        // printf '%s' '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let value = signature("whsec_test", at, r#"{"id":"evt_1"}"#);
        assert_eq!(value, "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925");
    }

    #[test]
    fn event_contains_its_request_id_and_idempotency_key() {
        let event = Event::new(
            "evt_1".into(),
            "charge.refunded",
            &json!({}),
            "req_1",
            Some("k"),
            Timestamp::UNIX_EPOCH,
        );
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        assert_eq!(payload["object"], "event");
        assert_eq!(payload["type"], "charge.refunded");
        assert_eq!(payload["request"], json!({ "id": "req_1", "idempotency_key": "k" }));
    }
}
