//! The function binaries on the local stack. Time is real: instead of waiting, messages are redelivered as if
//! their visibility timeout had expired, webhooks are delivered again, and the sweeper runs.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use fastrand::Rng;
use http::StatusCode;
use local::services::ses::Email;
use local::stack::FailedMessages;
use shared::domain::job::Job;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::user::Role;
use shared::kit::command::{Item, Key};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use stripe_sandbox::{Effect, Operation, RefundStatus, Rule};
use test_support::TestApp;
use test_support::audit::{AuditSnapshot, Items};

use crate::system::{OutsideAction, Request, Response, System};

/// Payment window in seconds: unpaid orders expire during a run.
const PAYMENT_WINDOW: u64 = 5;
/// Time until the stack must be idle.
const IDLE_LIMIT: Duration = Duration::from_mins(2);
/// Maximum number of rounds of the sweeper, once a second, until nothing is left to do. Jobs start up to 70 s later.
const MAX_ROUNDS: usize = 90;
/// Functions that are killed.
const KILLED: [&str; 6] = [
    "queue-fulfilment",
    "queue-emails",
    "queue-analytics",
    "queue-search-index",
    "stream-outbox-relay",
    "api-orders",
];

/// Function binaries on a local stack.
pub struct Binaries {
    app: TestApp,
    http: reqwest::Client,
    rng: Rng,
    /// Kills among a thousand requests.
    kills: u64,
    faults: u64,
}

impl Binaries {
    /// Starts a stack; `kills` is the number of kills among a thousand requests.
    pub async fn open(seed: u64, kills: u64) -> Self {
        let app = TestApp::start_with(|builder| {
            builder.parameter("PaymentWindowSeconds", PAYMENT_WINDOW.to_string()).instances(2)
        });
        Self { app: app.await, http: reqwest::Client::new(), rng: Rng::with_seed(seed), kills, faults: 0 }
    }

    async fn redeliver(&self) {
        self.app.stack().redeliver_failed(FailedMessages::Unanswered, None).await;
        self.app.stack().payments().deliver_pending_webhooks().await;
    }

    async fn sweep(&self) {
        // A killed invocation is followed by the next one of the schedule.
        let _ = self.app.stack().run_schedule("schedule-sweeper").await;
    }

    /// Returns true if an order waits for its payment, or a job for its time.
    async fn is_waiting(&self) -> bool {
        let items = Items::scan(&self.app).await;
        let is_unpaid =
            |order: Order| matches!(order.status, OrderStatus::Pending | OrderStatus::AwaitingPayment);
        items.of::<Order>().any(is_unpaid) || items.of::<Job>().any(|job| job.status.is_open())
    }

    /// Calls the payment gateway as its dashboard does.
    async fn post(&self, path: &str, form: &[(&str, String)]) -> bool {
        let url = format!("{}{path}", self.app.stack().payments_endpoint());
        let key = self.app.stack().parameters().get("PaymentGatewayKey").cloned().unwrap_or_default();
        let sent = self.http.post(url).bearer_auth(key).form(form).send().await;
        sent.is_ok_and(|response| response.status().is_success())
    }

    async fn pay(&self, order: &str, method: &str) -> bool {
        let intents = self.app.stack().payments().ledger().intents;
        let Some(intent) = intents.iter().rev().find(|intent| intent.order_id() == Some(order)) else {
            return false;
        };
        let path = format!("/sandbox/payment_intents/{}/pay", intent.id);
        // A payment that waits for its authentication takes no other method.
        self.post(&path, &[("payment_method", method.to_owned())]).await || self.post(&path, &[]).await
    }

    async fn refund_at_gateway(&self, order: &str, percent: i64) -> bool {
        let ledger = self.app.stack().payments().ledger();
        let captured = |intent: &&stripe_sandbox::PaymentIntent| {
            intent.order_id() == Some(order) && intent.captured_charge().is_some()
        };
        let (intent, amount) = (ledger.intents.iter().find(captured), ledger.net(order) * percent / 100);
        match intent {
            Some(intent) if amount > 0 => {
                let form = [("payment_intent", intent.id.clone()), ("amount", amount.to_string())];
                self.post("/v1/refunds", &form).await
            }
            _ => false,
        }
    }

    async fn settle_refunds(&self) -> bool {
        let mut any = false;
        for refund in self.app.stack().payments().ledger().refunds {
            if refund.status != RefundStatus::Failed {
                any |= self.post(&format!("/sandbox/refunds/{}/settle", refund.id), &[]).await;
            }
        }
        any
    }
}

impl System for Binaries {
    async fn send(&mut self, request: &Request) -> Option<Response> {
        let url = format!("{}{}", self.app.stack().url(), request.path);
        let mut sent = self.http.request(request.method.clone(), url);
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let Some(body) = &request.body {
            sent = sent.body(body.clone());
        }
        let response = sent.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.ok()?.to_vec();
        // API Gateway's own responses, if the function was killed.
        let is_lost = matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT)
            || (status.is_server_error() && !headers.contains_key("x-request-id"));
        (!is_lost).then_some(Response { status, headers, body })
    }

    async fn work(&mut self, _: usize) {
        if self.rng.u64(..1_000) < self.kills {
            let function = KILLED[self.rng.usize(..KILLED.len())];
            self.faults += u64::try_from(self.app.stack().kill(function).await).unwrap_or_default();
            self.redeliver().await;
        }
    }

    async fn idle(&mut self) {
        self.redeliver().await;
        // The end of the run reports a stack that does not become idle.
        let _ = self.app.stack().idle(IDLE_LIMIT).await;
    }

    async fn settle(&mut self) -> bool {
        for _ in 0..MAX_ROUNDS {
            self.redeliver().await;
            self.sweep().await;
            if self.app.stack().idle(IDLE_LIMIT).await.is_err() {
                return false;
            }
            if !self.is_waiting().await {
                self.sweep().await;
                return self.app.stack().idle(IDLE_LIMIT).await.is_ok();
            }
            // Until the payment windows have passed and the jobs are due.
            SystemClock.sleep(Duration::from_secs(1)).await;
        }
        false
    }

    async fn pass_time(&mut self, _: Duration) {
        self.redeliver().await;
        self.sweep().await;
    }

    async fn create_admin(&mut self, email: &str, _: &str) {
        let name = email.split('@').next().unwrap_or_default();
        self.app.user_with_role(name, Role::Admin).await;
    }

    async fn act(&mut self, action: &OutsideAction) -> bool {
        match action {
            OutsideAction::Pay { order, method } => self.pay(order, method).await,
            OutsideAction::RefundAtGateway { order, percent } => {
                self.refund_at_gateway(order, *percent).await
            }
            OutsideAction::SettleRefunds => self.settle_refunds().await,
            OutsideAction::SendMalformedMessage(queue) => {
                self.app.send_message(queue, "not JSON").await;
                true
            }
            OutsideAction::GatewayOutage(_) => {
                let fail = Effect::Fail { status: 503 };
                self.app.stack().payments().add_fault_rule(Rule::on(Operation::Any, fail).times(5));
                true
            }
        }
    }

    async fn item(&mut self, key: &Key) -> Option<Item> {
        let table = self.app.stack().table_name("Table").expect("the template has the table");
        let get = self.app.dynamodb().get_item().table_name(table).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(key.pk.clone()));
        let get = get.key("sk", AttributeValue::S(key.sk.clone()));
        get.send().await.expect("the table responds").item.map(Item::from)
    }

    async fn emails_to(&mut self, address: &str) -> Vec<Email> {
        self.app.stack().mail().sent_to(address)
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn stop_faults(&mut self) {
        self.kills = 0;
        self.app.stack().payments().clear_fault_rules();
    }

    fn faults(&self) -> u64 {
        self.faults
    }

    async fn snapshot(&mut self) -> AuditSnapshot {
        AuditSnapshot::read(&self.app).await
    }
}
