//! A market with orders, whose seller creates sales reports.

use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::{Value, json};
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::user::Role;
use test_support::app::{TestResponse, eventually};
use test_support::audit::MoneyAndStock;
use test_support::{TestApp, TestUser};

pub(super) const REPORTS: &str = "queue-reports";

/// Columns of a report.
const COLUMNS: &str = "orderId,createdAt,status,buyerId,line,code,title,quantity,net,tax,taxBasisPoints,gross,\
                       refundedQuantity,refundedNet,refundedTax,refundedGross,currency";

pub(super) struct Fixture {
    pub(super) app: TestApp,
    pub(super) seller: TestUser,
    pub(super) admin: TestUser,
    pub(super) buyer: TestUser,
    pub(super) market: String,
    pub(super) product: String,
}

impl Fixture {
    /// Starts a stack and places orders. `page_size` and `time_slice` are the report's orders per page and
    /// seconds per invocation.
    pub(super) async fn open(orders: usize, page_size: &str, time_slice: &str) -> Self {
        let app = TestApp::start_with(|builder| {
            builder.parameter("ReportPageSize", page_size).parameter("ReportTimeSliceSeconds", time_slice)
        })
        .await;
        let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
        let admin = app.user_with_role("admin", Role::Admin).await;
        let product = app.product(&seller, 1_999, 1_000).await;
        let path = format!("/v1/products/{product}");
        let response = app.request(Method::GET, &path).by(&seller).send().await.data(StatusCode::OK);
        let market = response["marketId"].as_str().unwrap().to_owned();
        let fixture = Self { app, seller, admin, buyer, market, product };
        for n in 0..orders {
            // Every third payment is declined, and every second order has three units.
            let method = if n % 3 == 1 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
            let quantity = if n % 2 == 0 { 1 } else { 3 };
            let placed = fixture
                .app
                .order(&fixture.buyer, &format!("k{n}"), &fixture.product, quantity, Some(method))
                .await;
            assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
        }
        fixture.app.wait_until_idle().await;
        fixture
    }

    /// Places another order of one unit, under this idempotency key.
    pub(super) async fn place_another(&self, key: &str) {
        let placed = self.app.order(&self.buyer, key, &self.product, 1, Some("pm_card_visa")).await;
        assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    }

    /// Refunds 5.00 EUR of the oldest confirmed order.
    pub(super) async fn refund_partly(&self) {
        let state = MoneyAndStock::read(&self.app).await;
        let order = state.orders.values().find(|order| order.payment_id.is_some()).unwrap();
        let path = format!("/v1/orders/{}/refund", order.id);
        let body = json!({ "amount": { "amount": 500, "currency": "EUR" }, "reason": "chipped" });
        let refund = self.app.request(Method::POST, &path).by(&self.seller).key("refund").json(&body);
        assert_eq!(refund.send().await.status, StatusCode::OK);
        self.app.wait_until_idle().await;
    }

    /// Expected report of all orders, computed from the table. Each order has one line without tax.
    pub(super) async fn recount(&self) -> String {
        let mut text = format!("{COLUMNS}\r\n");
        for order in MoneyAndStock::read(&self.app).await.orders.values() {
            let succeeded = || order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
            let refunded: i64 = succeeded().map(|refund| refund.amount.amount()).sum();
            let refunded_units: u32 = succeeded().flat_map(|of| &of.lines).map(|part| part.units).sum();
            let (total, status, created_at) = (order.total().amount(), order.status, order.created_at);
            let line = order.lines.items().next().unwrap();
            let (sku, title, units) = (line.sku.as_str(), line.title.as_str(), line.quantity.get());
            let row = format!(
                "{},{created_at},{status},{},item,{sku},{title},{units},{total},0,0,{total},\
                 {refunded_units},{refunded},0,{refunded},EUR\r\n",
                order.id, order.buyer_id
            );
            text.push_str(&row);
        }
        text
    }

    /// Creates a report job of the seller with additional fields.
    pub(super) async fn post_report(&self, fields: Value) -> TestResponse {
        let mut body = json!({ "type": "sales_report", "params": { "marketId": self.market } });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let request =
            self.app.request(Method::POST, "/v1/jobs").by(&self.seller).key(&local::system::aws_ids::uuid());
        request.json(&body).send().await
    }

    /// Creates a report job of the seller with additional fields, and returns its location.
    pub(super) async fn report(&self, fields: Value) -> String {
        let response = self.post_report(fields).await;
        let location = response.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(response.data(StatusCode::ACCEPTED)["status"], "queued");
        location
    }

    pub(super) async fn get(&self, path: &str) -> TestResponse {
        self.app.request(Method::GET, path).by(&self.seller).send().await
    }

    pub(super) async fn get_job(&self, job: &str) -> Value {
        self.get(job).await.data(StatusCode::OK)
    }

    pub(super) async fn post(&self, by: &TestUser, path: &str) -> TestResponse {
        self.app.request(Method::POST, path).by(by).key(&local::system::aws_ids::uuid()).send().await
    }

    /// Waits until a job has this status.
    pub(super) async fn wait_for_job(&self, job: &str, status: &str) -> Value {
        let poll = || async { Some(self.get_job(job).await).filter(|job| job["status"] == status) };
        eventually(&format!("{job} is {status}"), poll).await
    }

    /// Waits until a job has succeeded and the stack is idle. Messages of killed workers are redelivered only
    /// while no call is made, because a job in progress would be claimed again and again.
    pub(super) async fn wait_until_succeeded(&self, job: &str) -> Value {
        self.wait_until_succeeded_by(&self.seller, job).await
    }

    /// Same as [`wait_until_succeeded`](Self::wait_until_succeeded), for a job of another user.
    pub(super) async fn wait_until_succeeded_by(&self, owner: &TestUser, job: &str) -> Value {
        let calls = || self.app.stack().faults().calls_of(REPORTS).len();
        let poll = || async {
            let before = calls();
            if self.app.stack().idle(Duration::from_millis(500)).await.is_err() && calls() == before {
                self.app.stack().redeliver().await;
            }
            let job = self.app.request(Method::GET, job).by(owner).send().await.data(StatusCode::OK);
            Some(job).filter(|job| job["status"] == "succeeded")
        };
        let succeeded = eventually(&format!("{job} succeeds"), poll).await;
        self.app.wait_until_idle().await;
        succeeded
    }

    /// Waits until a job is dead after five failed attempts. Each retry is delivered without its delay.
    pub(super) async fn wait_until_dead_by_failures(&self, job: &str) -> Value {
        let retries = || {
            let calls = self.app.stack().faults().calls_of(REPORTS).into_iter();
            calls
                .filter(|call| call.operation == "ChangeMessageVisibilityBatch" && call.status.is_some())
                .count()
        };
        for failures in 1..=4 {
            eventually("an attempt is retried later", || async { (retries() == failures).then_some(()) })
                .await;
            self.app.stack().redeliver().await;
        }
        self.wait_for_job(job, "dead").await
    }

    /// Creates a job whose worker is killed at each attempt after it claimed the job.
    pub(super) async fn create_dead_by_kills(&self) -> String {
        self.create_dead_by_kills_with(json!({})).await
    }

    /// Same as [`create_dead_by_kills`](Self::create_dead_by_kills), with additional fields of the request.
    pub(super) async fn create_dead_by_kills_with(&self, fields: Value) -> String {
        let kill = Rule::new(REPORTS, Fault::KillAfter).operation("TransactWriteItems").times(5);
        let injection = self.app.stack().faults().inject(kill);
        let job = self.report(fields).await;
        for kills in 1..=5 {
            eventually("the worker is killed", || async {
                (injection.trigger_count() == kills).then_some(())
            })
            .await;
            self.app.stack().redeliver().await;
        }
        self.wait_for_job(&job, "dead").await;
        job
    }

    pub(super) async fn result(&self, job: &str) -> String {
        let response = self.get(&format!("{job}/result")).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        response.text
    }

    /// Dead letters of the report queues.
    pub(super) async fn dead_letters(&self) -> Vec<Value> {
        let list = self.app.request(Method::GET, "/v1/dead-letters?queue=reports").by(&self.admin).send();
        list.await.data(StatusCode::OK).as_array().unwrap().clone()
    }
}

/// The `job.requested` message of a job, as the relay sends it.
pub(super) fn job_requested(job: &Value, kind: &str) -> String {
    let id = job["id"].as_str().unwrap();
    json!({
        "id": format!("{id}.1"),
        "schema": 1,
        "subject": id,
        "sequence": 1,
        "occurredAt": job["createdAt"],
        "correlationId": "a-duplicate",
        "type": "job.requested",
        "data": { "jobId": id, "jobType": kind, "priority": "normal" },
    })
    .to_string()
}

/// The `job.succeeded` message of a job, as the relay sends it.
pub(super) fn job_ended(job: &Value, owner: &str) -> String {
    let (id, version) = (job["id"].as_str().unwrap(), job["version"].as_u64().unwrap());
    json!({
        "id": format!("{id}.{version}"),
        "schema": 1,
        "subject": id,
        "sequence": version,
        "occurredAt": job["updatedAt"],
        "correlationId": "a-duplicate",
        "type": "job.succeeded",
        "data": { "jobId": id, "jobType": job["type"], "ownerId": owner, "notify": true },
    })
    .to_string()
}
