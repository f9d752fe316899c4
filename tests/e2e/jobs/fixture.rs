//! A market that has sold things, and who wants to know what.

use std::time::Duration;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::{Value, json};
use shared::domain::refund::RefundStatus;
use shared::domain::user::Role;
use test_support::app::{Answer, eventually};
use test_support::audit::MoneyAndStock;
use test_support::{TestApp, TestUser};

pub(super) const REPORTS: &str = "queue-reports";

pub(super) struct Fixture {
    pub(super) shop: TestApp,
    pub(super) seller: TestUser,
    pub(super) admin: TestUser,
    pub(super) market: String,
    product: String,
}

impl Fixture {
    /// With so many orders. Reports read so many at once, and for so many seconds in one invocation.
    pub(super) async fn open(orders: usize, page: &str, stretch: &str) -> Self {
        let shop = TestApp::open_with(|builder| {
            builder.parameter("ReportPageSize", page).parameter("ReportTimeSliceSeconds", stretch)
        })
        .await;
        let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
        let admin = shop.user_with_role("admin", Role::Admin).await;
        let product = shop.product(&seller, 1_999, 1_000).await;
        let path = format!("/v1/products/{product}");
        let shown = shop.ask(Method::GET, &path).by(&seller).send().await.data(StatusCode::OK);
        let market = shown["marketId"].as_str().unwrap().to_owned();
        let desk = Self { shop, seller, admin, market, product };
        for n in 0..orders {
            // Every third is declined, every other bought in threes.
            let method = if n % 3 == 1 { "pm_card_chargeDeclined" } else { "pm_card_visa" };
            let quantity = if n % 2 == 0 { 1 } else { 3 };
            let placed =
                desk.shop.order(&buyer, &format!("k{n}"), &desk.product, quantity, Some(method)).await;
            assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
        }
        desk.shop.wait_until_idle().await;
        desk
    }

    /// Gives 5.00 EUR back of the oldest order that was confirmed.
    pub(super) async fn refund_some(&self) {
        let books = MoneyAndStock::read(&self.shop).await;
        let order = books.orders.values().find(|order| order.payment_id.is_some()).unwrap();
        let path = format!("/v1/orders/{}/refund", order.id);
        let body = json!({ "amount": { "amount": 500, "currency": "EUR" }, "reason": "chipped" });
        let refund = self.shop.ask(Method::POST, &path).by(&self.seller).key("refund").json(&body);
        assert_eq!(refund.send().await.status, StatusCode::OK);
        self.shop.wait_until_idle().await;
    }

    /// What the report of all orders has to say, counted from the table itself.
    pub(super) async fn recount(&self) -> String {
        let mut text = "orderId,createdAt,status,buyerId,items,total,refunded,currency\r\n".to_owned();
        for order in MoneyAndStock::read(&self.shop).await.orders.values() {
            let pieces: i64 = order.lines.iter().map(|line| i64::from(line.quantity)).sum();
            let back = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
            let back: i64 = back.map(|refund| refund.amount.amount()).sum();
            let (total, status) = (order.total.amount(), order.status.as_str());
            let row = format!(
                "{},{},{status},{},{pieces},{total},{back},EUR\r\n",
                order.id, order.created_at, order.buyer_id
            );
            text.push_str(&row);
        }
        text
    }

    /// The answer to the seller who asks for a report, with these further fields.
    pub(super) async fn ask_for(&self, further: Value) -> Answer {
        let mut body = json!({ "type": "sales_report", "params": { "marketId": self.market } });
        body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let ask =
            self.shop.ask(Method::POST, "/v1/jobs").by(&self.seller).key(&local::system::aws_ids::uuid());
        ask.json(&body).send().await
    }

    /// Where a report stands that the seller has asked for.
    pub(super) async fn report(&self, further: Value) -> String {
        let answer = self.ask_for(further).await;
        let location = answer.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(answer.data(StatusCode::ACCEPTED)["status"], "queued");
        location
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.shop.ask(Method::GET, path).by(&self.seller).send().await
    }

    pub(super) async fn look(&self, job: &str) -> Value {
        self.get(job).await.data(StatusCode::OK)
    }

    pub(super) async fn post(&self, by: &TestUser, path: &str) -> Answer {
        self.shop.ask(Method::POST, path).by(by).key(&local::system::aws_ids::uuid()).send().await
    }

    /// The job, once it is so.
    pub(super) async fn job_is(&self, job: &str, status: &str) -> Value {
        let look = || async { Some(self.look(job).await).filter(|shown| shown["status"] == status) };
        eventually(&format!("{job} is {status}"), look).await
    }

    /// The job, once it has succeeded and nobody is at it any more. Whatever somebody was killed at comes back, as soon as
    /// nobody has called anything for a while: what is still worked on would else be taken over again and again.
    pub(super) async fn made(&self, job: &str) -> Value {
        let calls = || self.shop.stack().faults().calls_of(REPORTS).len();
        let look = || async {
            let before = calls();
            if self.shop.stack().idle(Duration::from_millis(500)).await.is_err() && calls() == before {
                self.shop.stack().redeliver().await;
            }
            Some(self.look(job).await).filter(|shown| shown["status"] == "succeeded")
        };
        let made = eventually(&format!("{job} is made"), look).await;
        self.shop.wait_until_idle().await;
        made
    }

    /// The job, once it is dead. An attempt that failed, and was put off, is followed by the next at once.
    pub(super) async fn dead_of_failures(&self, job: &str) -> Value {
        let put_off = || {
            let calls = self.shop.stack().faults().calls_of(REPORTS).into_iter();
            calls
                .filter(|call| call.operation == "ChangeMessageVisibilityBatch" && call.status.is_some())
                .count()
        };
        for failures in 1..=4 {
            eventually("an attempt is put off", || async { (put_off() == failures).then_some(()) }).await;
            self.shop.stack().redeliver().await;
        }
        self.job_is(job, "dead").await
    }

    /// A job whose maker is killed at each of the attempts that it has, as soon as it has taken the job up.
    pub(super) async fn dead_of_kills(&self) -> String {
        let killed = Rule::new(REPORTS, Fault::KillAfter).operation("TransactWriteItems").times(5);
        let injection = self.shop.stack().faults().inject(killed);
        let job = self.report(json!({})).await;
        for kill in 1..=5 {
            eventually("it is killed", || async { (injection.trigger_count() == kill).then_some(()) }).await;
            self.shop.stack().redeliver().await;
        }
        self.job_is(&job, "dead").await;
        job
    }

    pub(super) async fn result(&self, job: &str) -> String {
        let answer = self.get(&format!("{job}/result")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.text
    }

    /// The letters of the reports' dead messages.
    pub(super) async fn letters(&self) -> Vec<Value> {
        let list = self.shop.ask(Method::GET, "/v1/dead-letters?queue=reports").by(&self.admin).send();
        list.await.data(StatusCode::OK).as_array().unwrap().clone()
    }
}

/// The message that asks for a job's first run, as the relay sends it.
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
