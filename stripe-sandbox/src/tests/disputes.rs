//! Disputes and inquiries.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::accounts::events;
use super::balance::balance;
use super::{CHARGE, Fixture, ReceivedWebhook, receiver};
use crate::Terms;

impl Fixture {
    /// Charges 19.99 EUR of this card, of which 19.44 EUR are pending. Returns the id of the intent.
    async fn pay_with(&self, card: &str) -> String {
        let paid = self.post("/v1/payment_intents", &CHARGE.replace("visa", card)).await.json;
        paid["id"].as_str().unwrap().to_owned()
    }

    async fn disputes_of(&self, intent: &str) -> Vec<Value> {
        let list = self.get(&format!("/v1/disputes?payment_intent={intent}")).await.json;
        list["data"].as_array().unwrap().clone()
    }

    async fn open(&self, form: &str) -> Value {
        let opened = self.post("/sandbox/disputes", form).await;
        assert_eq!(opened.status, 200, "{}", opened.json);
        opened.json
    }

    async fn settle(&self, dispute: &Value, decision: &str) -> Value {
        let path = format!("/sandbox/disputes/{}/{decision}", dispute["id"].as_str().unwrap());
        self.post(&path, "").await.json
    }

    async fn listening() -> (Self, UnboundedReceiver<ReceivedWebhook>) {
        let fixture = Self::new();
        let (url, webhooks) = receiver(0).await;
        fixture.sandbox.set_webhook_url(Some(url));
        (fixture, webhooks)
    }

    async fn kinds(&self, webhooks: &mut UnboundedReceiver<ReceivedWebhook>) -> Vec<String> {
        self.sandbox.deliver_pending_webhooks().await;
        events(webhooks).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn disputed_charge_loses_its_amount_and_a_fee() {
    let (fixture, mut webhooks) = Fixture::listening().await;
    let intent = fixture.pay_with("createDispute").await;
    let kinds = ["payment_intent.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn"];
    assert_eq!(fixture.kinds(&mut webhooks).await, kinds);
    let dispute = fixture.disputes_of(&intent).await.remove(0);
    for (member, value) in [
        ("object", json!("dispute")),
        ("amount", json!(1_999)),
        ("status", json!("needs_response")),
        ("reason", json!("fraudulent")),
        ("is_charge_refundable", json!(false)),
        ("payment_intent", json!(intent)),
    ] {
        assert_eq!(dispute[member], value, "{member}");
    }
    let withdrawn = &dispute["balance_transactions"][0];
    assert_eq!(
        (&withdrawn["type"], &withdrawn["reporting_category"]),
        (&json!("adjustment"), &json!("dispute"))
    );
    assert_eq!((&withdrawn["amount"], &withdrawn["fee"]), (&json!(-1_999), &json!(2_000)));
    assert_eq!(withdrawn["source"], dispute["id"]);
    assert_eq!(balance(&fixture).await, (-3_999, 1_944));
    let charge = fixture.get("/v1/charges").await.json["data"][0].clone();
    assert_eq!((&charge["disputed"], &charge["id"]), (&json!(true), &dispute["charge"]));
    let path = format!("/v1/disputes/{}", dispute["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.json, dispute);
    let expanded = fixture.get(&format!("{path}?expand[]=payment_intent")).await.json;
    assert_eq!(expanded["payment_intent"]["metadata"]["order_id"], "ord_1");
    let listed = fixture.get("/v1/disputes?expand[]=data.payment_intent").await.json;
    assert_eq!(listed["data"], json!([expanded]));
    assert_eq!(fixture.get("/v1/disputes/du_x").await.status, 404);
}

#[tokio::test]
async fn won_dispute_reinstates_the_amount_without_the_fee() {
    let (fixture, mut webhooks) = Fixture::listening().await;
    let intent = fixture.pay_with("createDispute").await;
    let dispute = fixture.disputes_of(&intent).await.remove(0);
    fixture.kinds(&mut webhooks).await;
    let won = fixture.settle(&dispute, "win").await;
    assert_eq!((&won["status"], &won["is_charge_refundable"]), (&json!("won"), &json!(true)));
    let reinstated = &won["balance_transactions"][1];
    assert_eq!((&reinstated["amount"], &reinstated["fee"]), (&json!(1_999), &json!(0)));
    assert_eq!(reinstated["reporting_category"], "dispute_reversal");
    assert_eq!(balance(&fixture).await, (-2_000, 1_944));
    let kinds = ["charge.dispute.funds_reinstated", "charge.dispute.closed"];
    assert_eq!(fixture.kinds(&mut webhooks).await, kinds);
    assert!(fixture.settle(&dispute, "lose").await["error"].is_object(), "it is closed");
    let refund = fixture.post("/v1/refunds", &format!("payment_intent={intent}")).await;
    assert_eq!(refund.status, 200);
}

#[tokio::test]
async fn fee_is_returned_if_the_terms_grant_it() {
    let fixture = Fixture::new();
    fixture.sandbox.set_terms(Terms { dispute_fee_returned: true, ..Terms::default() });
    let intent = fixture.pay_with("createDispute").await;
    let dispute = fixture.disputes_of(&intent).await.remove(0);
    let won = fixture.settle(&dispute, "win").await;
    let reinstated = &won["balance_transactions"][1];
    assert_eq!((&reinstated["fee"], &reinstated["net"]), (&json!(-2_000), &json!(3_999)));
    assert_eq!(balance(&fixture).await, (0, 1_944));
}

#[tokio::test]
async fn charge_is_not_refundable_while_disputed_or_when_lost() {
    let (fixture, mut webhooks) = Fixture::listening().await;
    let intent = fixture.pay_with("createDispute").await;
    let refund = format!("payment_intent={intent}&amount=1");
    let refused = fixture.post_with_key("/v1/refunds", &refund, "k1").await;
    assert_eq!((refused.status, refused.code()), (400, "charge_disputed"));
    let dispute = fixture.disputes_of(&intent).await.remove(0);
    fixture.kinds(&mut webhooks).await;
    let lost = fixture.settle(&dispute, "lose").await;
    assert_eq!((&lost["status"], &lost["is_charge_refundable"]), (&json!("lost"), &json!(false)));
    assert_eq!(fixture.kinds(&mut webhooks).await, ["charge.dispute.closed"]);
    assert_eq!(fixture.post("/v1/refunds", &refund).await.code(), "charge_disputed");
    assert_eq!(balance(&fixture).await, (-3_999, 1_944), "a loss moves nothing");
}

#[tokio::test]
async fn rest_of_a_charge_is_refundable_after_a_partial_loss() {
    let fixture = Fixture::new();
    let intent = fixture.create_captured_payment().await;
    let dispute = fixture.open(&format!("payment_intent={intent}&amount=500&reason=duplicate")).await;
    assert_eq!((&dispute["amount"], &dispute["reason"]), (&json!(500), &json!("duplicate")));
    let refund = |amount: i64| format!("payment_intent={intent}&amount={amount}");
    assert_eq!(fixture.post("/v1/refunds", &refund(1)).await.code(), "charge_disputed");
    assert_eq!(fixture.settle(&dispute, "lose").await["is_charge_refundable"], true);
    assert_eq!(fixture.post("/v1/refunds", &refund(1_500)).await.code(), "amount_too_large");
    assert_eq!(fixture.post("/v1/refunds", &refund(1_499)).await.status, 200);
    assert_eq!(fixture.post("/v1/refunds", &refund(1)).await.code(), "charge_disputed");
}

#[tokio::test]
async fn charge_can_be_disputed_several_times_beyond_its_rest() {
    let fixture = Fixture::new();
    let intent = fixture.create_captured_payment().await;
    fixture.post("/v1/refunds", &format!("payment_intent={intent}&amount=1500")).await;
    let first = fixture.open(&format!("payment_intent={intent}")).await;
    let charge = first["charge"].as_str().unwrap();
    fixture.open(&format!("charge={charge}&amount=1999")).await;
    assert_eq!(fixture.disputes_of(&intent).await.len(), 2);
    assert_eq!(balance(&fixture).await, (-1_500 - 2 * 3_999, 1_944));
    let page = fixture.get(&format!("/v1/disputes?charge={charge}&limit=1")).await.json;
    assert_eq!(page["has_more"], true);
    for form in ["charge=ch_x", "", "payment_intent=pi_x", &format!("charge={charge}&amount=2000")] {
        assert_eq!(fixture.post("/sandbox/disputes", form).await.status, 400, "{form}");
    }
    let intent = fixture.pay_with("createMultipleDisputes").await;
    assert_eq!(fixture.disputes_of(&intent).await.len(), 2);
}

#[tokio::test]
async fn inquiry_moves_no_money_until_it_escalates() {
    let (fixture, mut webhooks) = Fixture::listening().await;
    let intent = fixture.pay_with("createDisputeInquiry").await;
    assert_eq!(fixture.kinds(&mut webhooks).await, ["payment_intent.succeeded", "charge.dispute.created"]);
    let inquiry = fixture.disputes_of(&intent).await.remove(0);
    assert_eq!(inquiry["status"], "warning_needs_response");
    assert_eq!(
        (&inquiry["is_charge_refundable"], &inquiry["balance_transactions"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(balance(&fixture).await, (0, 1_944));
    assert!(fixture.settle(&inquiry, "win").await["error"].is_object(), "there is nothing to win");
    let escalated = fixture.settle(&inquiry, "escalate").await;
    assert_eq!(escalated["status"], "needs_response");
    assert_eq!(balance(&fixture).await, (-3_999, 1_944));
    let kinds = ["charge.dispute.updated", "charge.dispute.funds_withdrawn"];
    assert_eq!(fixture.kinds(&mut webhooks).await, kinds);
    assert_eq!(fixture.settle(&inquiry, "withdraw").await["status"], "won");
}

#[tokio::test]
async fn full_refund_closes_the_inquiry() {
    let (fixture, mut webhooks) = Fixture::listening().await;
    let intent = fixture.pay_with("createDisputeInquiry").await;
    let refund = |amount: i64| format!("payment_intent={intent}&amount={amount}");
    assert_eq!(fixture.post("/v1/refunds", &refund(999)).await.status, 200);
    assert_eq!(fixture.disputes_of(&intent).await[0]["status"], "warning_needs_response");
    fixture.kinds(&mut webhooks).await;
    assert_eq!(fixture.post("/v1/refunds", &refund(1_000)).await.status, 200);
    let closed = fixture.disputes_of(&intent).await.remove(0);
    assert_eq!(closed["status"], "warning_closed");
    let kinds = ["charge.refunded", "refund.created", "charge.dispute.closed"];
    assert_eq!(fixture.kinds(&mut webhooks).await, kinds);
    assert!(fixture.settle(&closed, "escalate").await["error"].is_object());
}

#[tokio::test]
async fn evidence_is_staged_submitted_and_then_locked() {
    let (fixture, mut webhooks) = Fixture::listening().await;
    let intent = fixture.pay_with("createDispute").await;
    let id = fixture.disputes_of(&intent).await[0]["id"].as_str().unwrap().to_owned();
    fixture.kinds(&mut webhooks).await;
    let path = format!("/v1/disputes/{id}");
    let staged = fixture.post(&path, "evidence[customer_name]=Ada&submit=false&metadata[a]=b").await.json;
    assert_eq!((&staged["status"], &staged["metadata"]["a"]), (&json!("needs_response"), &json!("b")));
    let details = &staged["evidence_details"];
    assert_eq!((&details["has_evidence"], &details["submission_count"]), (&json!(true), &json!(0)));
    let submitted = fixture.post_with_key(&path, "evidence[uncategorized_text]=x", "k1").await.json;
    assert_eq!(submitted["status"], "under_review");
    assert_eq!(submitted["evidence"]["customer_name"], "Ada");
    assert!(fixture.post_with_key(&path, "evidence[uncategorized_text]=x", "k1").await.is_replayed());
    assert_eq!(fixture.kinds(&mut webhooks).await, ["charge.dispute.updated", "charge.dispute.updated"]);
    assert_eq!(fixture.post(&path, "evidence[receipt]=x").await.status, 400, "it is locked");
    assert_eq!(fixture.post(&format!("{path}/close"), "").await.status, 400, "the bank decides now");
    assert_eq!(fixture.post(&path, "evidence[mood]=x").await.code(), "parameter_unknown");
    assert_eq!(fixture.post(&path, "metadata[a]=c").await.json["metadata"]["a"], "c");
}

#[tokio::test]
async fn texts_of_the_evidence_decide_the_dispute() {
    for (card, text, status) in [
        ("createDispute", "winning_evidence", "won"),
        ("createDispute", "losing_evidence", "lost"),
        ("createDisputeInquiry", "winning_evidence", "warning_closed"),
        ("createDisputeInquiry", "escalate_inquiry_evidence", "needs_response"),
        ("createDisputeInquiry", "x", "warning_under_review"),
    ] {
        let fixture = Fixture::new();
        let intent = fixture.pay_with(card).await;
        let path = format!("/v1/disputes/{}", fixture.disputes_of(&intent).await[0]["id"].as_str().unwrap());
        let decided = fixture.post(&path, &format!("evidence[uncategorized_text]={text}")).await.json;
        assert_eq!(decided["status"], status, "{card} {text}");
    }
}

#[tokio::test]
async fn accepted_dispute_is_lost_and_late_evidence_refused() {
    let fixture = Fixture::new();
    let intent = fixture.pay_with("createDispute").await;
    let dispute = fixture.disputes_of(&intent).await.remove(0);
    let path = format!("/v1/disputes/{}", dispute["id"].as_str().unwrap());
    fixture.clock.advance(Duration::from_hours(9 * 24 + 1));
    assert_eq!(fixture.post(&path, "evidence[receipt]=x").await.status, 400);
    assert_eq!(fixture.get(&path).await.json["evidence_details"]["past_due"], true);
    let closed = fixture.post(&format!("{path}/close"), "").await.json;
    assert_eq!(closed["status"], "lost");
    assert_eq!(fixture.post(&format!("{path}/close"), "").await.status, 400);
}
