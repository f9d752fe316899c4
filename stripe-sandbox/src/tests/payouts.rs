//! Payouts to bank accounts.

use std::time::Duration;

use serde_json::{Value, json};

use super::accounts::events;
use super::balance::balance;
use super::{Fixture, receiver};

impl Fixture {
    async fn pay_out(&self, form: &str) -> Value {
        let created = self.post("/sandbox/payouts", form).await;
        assert_eq!(created.status, 200, "{}", created.json);
        created.json
    }

    async fn settle_payout(&self, payout: &Value, action: &str) -> Value {
        let path = format!("/sandbox/payouts/{}/{action}", payout["id"].as_str().unwrap());
        self.post(&path, "").await.json
    }
}

#[tokio::test]
async fn nothing_is_paid_out_by_itself() {
    let fixture = Fixture::new();
    fixture.create_captured_payment().await;
    fixture.clock.advance(Duration::from_hours(100 * 24));
    assert_eq!(balance(&fixture).await, (1_944, 0));
    assert_eq!(fixture.get("/v1/payouts").await.json["data"], json!([]));
}

#[tokio::test]
async fn payout_takes_the_available_balance_and_arrives() {
    let fixture = Fixture::new();
    let (url, mut webhooks) = receiver(0).await;
    fixture.add_funds().await;
    fixture.create_captured_payment().await;
    fixture.sandbox.set_webhook_url(Some(url));
    for form in ["currency=eur&amount=1945", "currency=usd", "currency=eur&amount=0", "amount=5"] {
        assert_eq!(fixture.post("/sandbox/payouts", form).await.status, 400, "{form}");
    }
    let payout = fixture.pay_out("currency=eur").await;
    assert_eq!((&payout["amount"], &payout["status"]), (&json!(1_944), &json!("pending")));
    assert_eq!(payout["automatic"], false);
    assert_eq!(balance(&fixture).await, (0, 1_944), "pending funds stay");
    let listed = fixture.get("/v1/balance_transactions?type=payout&expand[]=data.source").await.json;
    assert_eq!((&listed["data"][0]["amount"], &listed["data"][0]["source"]), (&json!(-1_944), &payout));
    let paid = fixture.settle_payout(&payout, "pay").await;
    assert_eq!(paid["status"], "paid");
    let path = format!("/v1/payouts/{}", payout["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.json, paid);
    assert_eq!(fixture.get("/v1/payouts?status=paid").await.json["data"], json!([paid]));
    assert_eq!(fixture.get("/v1/payouts?status=lost").await.status, 400);
    assert!(fixture.settle_payout(&payout, "cancel").await["error"].is_object(), "it has arrived");
    fixture.sandbox.deliver_pending_webhooks().await;
    let kinds: Vec<_> = events(&mut webhooks).iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["payout.created", "payout.paid"]);
}

#[tokio::test]
async fn failed_or_cancelled_payout_returns_its_amount() {
    for (actions, kind, status) in [
        (vec!["fail"], "payout_failure", "failed"),
        (vec!["pay", "fail"], "payout_failure", "failed"),
        (vec!["cancel"], "payout_cancel", "canceled"),
    ] {
        let fixture = Fixture::new();
        fixture.add_funds().await;
        let payout = fixture.pay_out("currency=eur&amount=1000").await;
        assert_eq!(balance(&fixture).await, (944, 0));
        let mut settled = Value::Null;
        for action in actions {
            settled = fixture.settle_payout(&payout, action).await;
        }
        assert_eq!((&settled["status"], balance(&fixture).await), (&json!(status), (1_944, 0)));
        let returned = fixture.get("/v1/balance_transactions?limit=1").await.json["data"][0].clone();
        assert_eq!((&returned["type"], &returned["amount"]), (&json!(kind), &json!(1_000)));
        assert_eq!(returned["reporting_category"], "payout_reversal");
        assert_eq!(settled["failure_balance_transaction"], returned["id"]);
        assert!(fixture.settle_payout(&payout, "fail").await["error"].is_object(), "it has ended");
    }
    let fixture = Fixture::new();
    assert_eq!(fixture.post("/sandbox/payouts/po_x/fail", "").await.status, 404);
    assert_eq!(fixture.post("/sandbox/payouts/po_x/explode", "").await.status, 400);
}

#[tokio::test]
async fn failed_payout_of_an_account_does_not_change_the_platform() {
    let fixture = Fixture::new();
    let (url, mut webhooks) = receiver(0).await;
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    let transfer = format!("amount=1000&currency=eur&destination={account}");
    let transfer = fixture.post("/v1/transfers", &transfer).await.json;
    fixture.sandbox.set_connect_webhook(Some(url), "whsec_connect");
    let payout = fixture.pay_out(&format!("account={account}&currency=eur&amount=600")).await;
    assert_eq!(balance(&fixture).await, (944, 0));
    let reverse = format!("/v1/transfers/{}/reversals", transfer["id"].as_str().unwrap());
    assert_eq!(fixture.post(&reverse, "").await.code(), "balance_insufficient", "400 are left");
    assert_eq!(fixture.settle_payout(&payout, "fail").await["status"], "failed");
    assert_eq!(balance(&fixture).await, (944, 0));
    assert_eq!(fixture.get("/v1/payouts").await.json["data"], json!([]));
    let path = format!("/v1/payouts/{}", payout["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.status, 404, "it needs the key of the account");
    fixture.sandbox.deliver_pending_webhooks().await;
    let events = events(&mut webhooks);
    assert_eq!((&events[1]["type"], &events[1]["account"]), (&json!("payout.failed"), &json!(account)));
    assert_eq!(events[1]["data"]["object"]["failure_code"], "account_closed");
    assert_eq!(fixture.post(&reverse, "").await.status, 200, "the amount has returned to the account");
    let unknown = fixture.post("/sandbox/payouts", "account=acct_x&currency=eur").await;
    assert_eq!(unknown.code(), "account_invalid");
}

#[tokio::test]
async fn other_movements_of_the_balance_are_recorded() {
    let fixture = Fixture::new();
    let record = "/sandbox/balance_transactions";
    let fee = fixture.post(record, "type=stripe_fee&amount=-200&currency=eur").await.json;
    assert_eq!(
        (&fee["type"], &fee["net"], &fee["source"]),
        (&json!("stripe_fee"), &json!(-200), &Value::Null)
    );
    let payment = fixture.post(record, "type=payment&amount=500&currency=eur&source=py_1").await.json;
    assert_eq!((&payment["source"], &payment["reporting_category"]), (&json!("py_1"), &json!("charge")));
    assert_eq!(balance(&fixture).await, (300, 0));
    for form in ["type=gift&amount=1&currency=eur", "amount=1&currency=eur", "type=topup&currency=eur"] {
        assert_eq!(fixture.post(record, form).await.status, 400, "{form}");
    }
}
