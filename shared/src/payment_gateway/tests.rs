//! Tests of the gateway's adapter against the payment sandbox, in process.

mod accounts;
mod balance_transactions;
mod disputes;
mod transfers;
mod webhooks;

use std::time::Duration;

use http::{Method, Request};
use serde_json::Value;
use stripe_sandbox::{Effect, Operation, Rates, Rule, Sandbox, Terms};

use super::stripe::StripeGateway;
use crate::domain::order::payment::GatewayId;
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::{CallError, ServiceRequest, ServiceResponse, Transport};
use crate::kit::system::clock::{SystemClock, SystemEntropy};

const KEY: &str = "sk_test_1";
const ORDER: &str = "ord_01K0000000000000000000000A";
const RATES: Rates = Rates { account: 10_000, endpoint: 10_000 };

/// Transport that calls a sandbox in process.
#[derive(Clone)]
struct SandboxTransport(Sandbox);

impl Transport for SandboxTransport {
    async fn send(&self, call: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.form).finish();
        let mut request = Request::builder().method(call.method.clone()).uri(&call.path);
        request = request.header("authorization", format!("Bearer {KEY}"));
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let body = if call.method == Method::GET { String::new() } else { form };
        let response = self.0.call(request.body(body.into()).unwrap()).await;
        let response = response.ok_or(CallError::Disconnected)?;
        Ok(ServiceResponse {
            status: response.status,
            retry_after: None,
            replayed: response.replayed,
            body: serde_json::from_str(&response.body).unwrap_or_default(),
        })
    }
}

/// A sandbox, and the adapter that calls it.
struct Fixture {
    sandbox: Sandbox,
    gateway: StripeGateway<SandboxTransport, SystemClock, SystemEntropy>,
    correlation: CorrelationId,
}

impl Fixture {
    fn new() -> Self {
        let sandbox = Sandbox::in_memory(KEY, "whsec_1");
        sandbox.set_rates(RATES);
        sandbox.set_terms(Terms { charges_pending_seconds: 0, ..Terms::default() });
        let transport = SandboxTransport(sandbox.clone());
        let gateway = StripeGateway::new(transport, Duration::from_secs(5), SystemClock, SystemEntropy);
        Self { sandbox, gateway, correlation: CorrelationId::generate(&SystemEntropy) }
    }

    /// Sends a form to the sandbox.
    async fn post(&self, path: &str, form: &str) -> Value {
        let request = Request::post(path).header("authorization", format!("Bearer {KEY}"));
        let response = self.sandbox.call(request.body(form.to_owned().into()).unwrap()).await.unwrap();
        assert!(response.status.is_success(), "{path}: {}", response.body);
        serde_json::from_str(&response.body).unwrap()
    }

    /// Charges 20 EUR for [`ORDER`] with this card, of which 19.45 EUR are available.
    async fn charge(&self, card: &str) -> Value {
        let form = format!(
            "amount=2000&currency=eur&payment_method={card}&confirm=true&payment_method_types[]=card\
             &metadata[order_id]={ORDER}"
        );
        self.post("/v1/payment_intents", &form).await
    }

    /// Creates an account that can receive transfers.
    async fn enabled_account(&self) -> GatewayId {
        let form = "type=express&country=DE&capabilities[transfers][requested]=true";
        let account = self.post("/v1/accounts", form).await["id"].as_str().unwrap().to_owned();
        self.post(&format!("/sandbox/accounts/{account}/complete"), "").await;
        GatewayId(account)
    }

    fn fault(&self, operation: Operation, effect: Effect) {
        self.sandbox.add_fault_rule(Rule::on(operation, effect).times(1));
    }
}

fn euro(cents: i64) -> Money {
    Money::new(Amount::try_from(cents).unwrap(), "EUR".parse().unwrap())
}
