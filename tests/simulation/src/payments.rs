//! The payment gateway: the sandbox of the local stack with its own ledger, called in this process.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use shared::kit::system::clock::{Clock, Timestamp};
use stripe_sandbox::{Effect, Ledger, LostAnswer, Operation, Response, Rule, Sandbox, signature};

use crate::network::{Broken, Reply, Served};
use crate::virtual_clock::VirtualClock;

/// What the gateway knows us by.
pub const SECRET: &str = "sk_test_simulation";
/// What the gateway signs its reports with.
pub const WEBHOOK_SECRET: &str = "whsec_simulation";

/// How far the gateway's search is behind: less than our code believes.
const SEARCH_IS_BEHIND: Duration = Duration::from_secs(50);

/// What the gateway makes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayMode {
    /// It does as it should.
    Well,
    /// It answers this status and does nothing. A 500 is kept under the idempotency key.
    Refuses(u16),
    /// It does its work, and keeps a 500 under the idempotency key.
    Forgets,
}

/// The gateway of one world.
pub struct Payments {
    sandbox: Sandbox,
    /// Reports that nobody has brought yet.
    pub reports: Vec<Report>,
}

/// A webhook on its way.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it says.
    pub payload: String,
    /// Not brought before then.
    pub due: Timestamp,
    /// How often it was brought in vain.
    pub failures: usize,
}

/// The pauses after which a webhook is brought again; then the gateway gives up on it.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_mins(2)];

impl Payments {
    /// A gateway without payments.
    #[must_use]
    pub fn open(clock: &VirtualClock) -> Self {
        let sandbox = Sandbox::in_memory_at(clock.of_sandbox(), SECRET, WEBHOOK_SECRET);
        // Kept for whoever takes them: there is no runtime that would send them.
        sandbox.set_webhook_url(Some("http://taken-by-hand".to_owned()));
        Self { sandbox, reports: Vec::new() }
    }

    /// Answers a call in this mood.
    ///
    /// # Panics
    /// If the sandbox waits for something, which nothing here makes it do.
    pub(crate) fn call(&mut self, request: Request<Bytes>, mood: GatewayMode, now: Timestamp) -> Reply {
        let lag = u64::try_from(SEARCH_IS_BEHIND.as_millis()).unwrap_or(u64::MAX);
        self.sandbox.add_fault_rule(Rule::on(Operation::Any, Effect::SearchLag { ms: lag }));
        match mood {
            GatewayMode::Well => {}
            GatewayMode::Refuses(status) => {
                self.sandbox.add_fault_rule(Rule::on(Operation::Any, Effect::Fail { status }))
            }
            GatewayMode::Forgets => {
                let effect = Effect::ChargeAndDropResponse { answer: LostAnswer::InternalError };
                self.sandbox.add_fault_rule(Rule::on(Operation::Any, effect));
            }
        }
        let answer = self.sandbox.call(request).now_or_never().expect("the sandbox answers at once");
        self.sandbox.clear_fault_rules();
        let taken = self.sandbox.take_webhooks();
        self.reports.extend(taken.into_iter().map(|payload| Report { payload, due: now, failures: 0 }));
        let Response { status, body, replayed } = answer.ok_or(Broken::CutOff)?;
        Ok(Served { status: status.as_u16(), body: body.into(), replayed })
    }

    /// The buyer pays an order that can be paid, at the gateway; says whether there was anything to pay.
    pub fn pay(&mut self, order: &str, method: &str, now: Timestamp) -> bool {
        let Some(intent) = self.payable(order) else { return false };
        let request = Request::post(format!("/sandbox/payment_intents/{intent}/pay"))
            .body(Bytes::from(format!("payment_method={method}")));
        request.is_ok_and(|request| self.call(request, GatewayMode::Well, now).is_ok())
    }

    /// What an order can be paid with.
    #[must_use]
    pub fn payable(&self, order: &str) -> Option<String> {
        let ledger = self.ledger();
        let open = |status: &str| status == "requires_payment_method" || status == "requires_confirmation";
        let mut intents = ledger.intents.into_iter().rev();
        intents
            .find(|intent| intent.order_id() == Some(order) && open(intent.status.as_str()))
            .map(|intent| intent.id)
    }

    /// A webhook that could not be brought is brought again, for a while.
    pub fn retry_webhook(&mut self, report: Report, now: Timestamp) {
        if let Some(pause) = PAUSES.get(report.failures) {
            let failures = report.failures + 1;
            self.reports.push(Report { due: now.saturating_add(*pause), failures, ..report });
        }
    }

    /// What was really charged and refunded.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }
}

impl Report {
    /// The request that brings it, signed now.
    ///
    /// # Panics
    /// If it is no request, which it is.
    #[must_use]
    pub fn request(&self, clock: &VirtualClock) -> Request<axum::body::Body> {
        let second = jiff::Timestamp::from_second(Clock::now(clock).as_seconds()).unwrap_or_default();
        Request::post("/v1/payments/webhook")
            .header("content-type", "application/json; charset=utf-8")
            .header("stripe-signature", signature(WEBHOOK_SECRET, second, &self.payload))
            .body(self.payload.clone().into())
            .expect("a request is one")
    }
}
