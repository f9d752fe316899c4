//! The payment gateway: the sandbox with its own ledger, called in process.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use shared::kit::system::clock::{Clock, Timestamp};
use stripe_sandbox::{
    DroppedResponse, Effect, IntentStatus, Ledger, Operation, Rates, Response, Rule, Sandbox, signature,
};

use crate::network::{NetworkError, SimResponse, SimResult};
use crate::virtual_clock::VirtualClock;

/// Secret key of the gateway.
pub const SECRET: &str = "sk_test_simulation";
/// Secret that signs webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_simulation";

/// Behaviour of the gateway for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayMode {
    /// No fault.
    Normal,
    /// Responds with this status and does nothing. A 500 is stored under the idempotency key.
    Fails(u16),
    /// Executes the call, and stores a 500 under the idempotency key.
    StoresError,
}

/// The gateway of a world.
pub struct Payments {
    sandbox: Sandbox,
    /// Webhooks that are not delivered yet.
    pub webhooks: Vec<Webhook>,
}

/// A webhook to be delivered.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Payload.
    pub payload: String,
    /// Earliest delivery time.
    pub due: Timestamp,
    /// Number of failed deliveries.
    pub failures: usize,
}

/// Delays of redeliveries of a webhook. After the last one, the gateway gives up.
const RETRY_DELAYS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_mins(2)];

impl Payments {
    /// Creates a gateway without payments.
    #[must_use]
    pub fn open(clock: &VirtualClock) -> Self {
        let sandbox = Sandbox::in_memory_at(clock.of_sandbox(), SECRET, WEBHOOK_SECRET);
        // Enables webhooks. They are kept until they are taken, because no runtime sends them.
        sandbox.set_webhook_url(Some("http://taken-by-hand".to_owned()));
        Self { sandbox, webhooks: Vec::new() }
    }

    /// Executes a call in this mode.
    ///
    /// # Errors
    /// [`NetworkError`] if there is no response.
    ///
    /// # Panics
    /// If the sandbox does not respond immediately; no rule here delays it.
    pub fn call(&mut self, request: Request<Bytes>, mode: GatewayMode, now: Timestamp) -> SimResult {
        match mode {
            GatewayMode::Normal => {}
            GatewayMode::Fails(status) => {
                self.sandbox.add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status }));
            }
            GatewayMode::StoresError => {
                let effect = Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError };
                self.sandbox.add_fault_rule(Rule::on(Operation::Any, effect));
            }
        }
        let response = self.sandbox.call(request).now_or_never().expect("the sandbox responds immediately");
        self.sandbox.clear_fault_rules();
        let taken = self.sandbox.take_webhooks();
        self.webhooks.extend(taken.into_iter().map(|payload| Webhook { payload, due: now, failures: 0 }));
        let Response { status, body, replayed } = response.ok_or(NetworkError::Disconnected)?;
        Ok(SimResponse { status: status.as_u16(), body: body.into(), replayed, error_name: None })
    }

    /// Pays an order at the gateway, as its buyer, or authenticates if the card requires it; `method` determines
    /// whether that succeeds. Returns false if there is nothing to pay.
    pub fn pay(&mut self, order: &str, method: &str, now: Timestamp) -> bool {
        let Some((intent, status)) = self.open_intent(order) else { return false };
        let form = match (status, method) {
            (IntentStatus::RequiresAction, "pm_card_visa") => String::new(),
            (IntentStatus::RequiresAction, _) => "authentication=fail".to_owned(),
            _ => format!("payment_method={method}"),
        };
        let request = Request::post(format!("/sandbox/payment_intents/{intent}/pay")).body(Bytes::from(form));
        request.is_ok_and(|request| self.call(request, GatewayMode::Normal, now).is_ok())
    }

    /// Id of the open payment intent of an order.
    #[must_use]
    pub fn payable(&self, order: &str) -> Option<String> {
        self.open_intent(order).map(|(id, _)| id)
    }

    fn open_intent(&self, order: &str) -> Option<(String, IntentStatus)> {
        let open = |status| {
            matches!(
                status,
                IntentStatus::RequiresPaymentMethod
                    | IntentStatus::RequiresConfirmation
                    | IntentStatus::RequiresAction
            )
        };
        let mut intents = self.ledger().intents.into_iter().rev();
        intents
            .find(|intent| intent.order_id() == Some(order) && open(intent.status))
            .map(|intent| (intent.id, intent.status))
    }

    /// Schedules the redelivery of a webhook that could not be delivered.
    pub fn retry_webhook(&mut self, webhook: Webhook, now: Timestamp) {
        if let Some(pause) = RETRY_DELAYS.get(webhook.failures) {
            let failures = webhook.failures + 1;
            self.webhooks.push(Webhook { due: now.saturating_add(*pause), failures, ..webhook });
        }
    }

    /// Sets the maximum rates of calls.
    pub fn set_rates(&self, rates: Rates) {
        self.sandbox.set_rates(rates);
    }

    /// Number of captured payments.
    #[must_use]
    pub fn charges(&self) -> usize {
        let intents = self.ledger().intents;
        intents.iter().filter(|intent| intent.status == IntentStatus::Succeeded).count()
    }

    /// The gateway's ledger.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }
}

impl Webhook {
    /// Signed request that delivers the webhook.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn request(&self, clock: &VirtualClock) -> Request<axum::body::Body> {
        let second = jiff::Timestamp::from_second(Clock::now(clock).as_seconds()).unwrap_or_default();
        Request::post("/v1/payments/webhook")
            .header("content-type", "application/json; charset=utf-8")
            .header("stripe-signature", signature(WEBHOOK_SECRET, second, &self.payload))
            .body(self.payload.clone().into())
            .expect("the request is valid")
    }
}
