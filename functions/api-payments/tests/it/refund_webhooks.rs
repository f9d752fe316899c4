//! Webhooks about refunds: the state is read from the payment sandbox.

use serde_json::{Value, json};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::refund::RefundStatus;
use shared::domain::order::payment::{Capture, GatewayId, Payment};
use shared::domain::order::{Order, OrderStatus};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::payment_gateway::{PaymentGateway, RefundAnswer, StripeGateway};
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::fixture::{ORDER, buyer, cents, id, stock, test_context};

use super::{Payments, total};

/// A confirmed order, paid in the sandbox.
struct PaidOrder {
    payments: Payments,
    gateway: StripeGateway,
    intent: String,
}

impl PaidOrder {
    async fn with_card(card: &str) -> Self {
        let payments = Payments::charging().await;
        let gateway = StripeGateway::from_env(&payments.marketplace.env("api-payments")).unwrap();
        let form = [
            ("amount", "3998"),
            ("currency", "eur"),
            ("payment_method", card),
            ("confirm", "true"),
            ("payment_method_types[]", "card"),
            ("metadata[order_id]", ORDER),
        ];
        let intent = payments.marketplace.call_payments("/v1/payment_intents", &form).await;
        let intent = intent["id"].as_str().unwrap().to_owned();
        let capture = Capture { gateway_id: GatewayId(intent.clone()), amount: total() };
        payments.marketplace.advance(FulfilmentTransition::Captured(capture)).await;
        Self { payments, gateway, intent }
    }

    /// Requests the refunds that are due, as the saga does.
    async fn request_refunds(&self) {
        let context = test_context(SystemClock.now());
        while let Some(refund) = self.order().await.due_refund() {
            let answer =
                self.gateway.refund(&refund.intent(id(ORDER)), &context.correlation_id).await.unwrap();
            let RefundAnswer::Accepted(refund) = answer else { panic!("{answer:?}") };
            self.payments.marketplace.advance(FulfilmentTransition::RefundReported(refund)).await;
        }
    }

    async fn report(&self, event: &str, kind: &str) -> u16 {
        // Only the payment is read from the event; the rest is wrong on purpose.
        let object =
            json!({ "id": "re_1", "payment_intent": self.intent, "status": "succeeded", "amount": 1 });
        let body = json!({ "id": event, "object": "event", "type": kind, "data": { "object": object } });
        self.payments.report(&body).await.status.as_u16()
    }

    async fn order(&self) -> Order {
        self.payments.marketplace.stored_order(id(ORDER)).await
    }

    async fn refunded(&self) -> i64 {
        let found = self.payments.marketplace.reader.payment(Payment::id_for(id(ORDER))).await.unwrap();
        found.unwrap().0.refunded.amount()
    }

    async fn statuses(&self) -> Vec<RefundStatus> {
        self.order().await.refunds.iter().map(|refund| refund.status).collect()
    }
}

const KINDS: [&str; 5] =
    ["charge.refunded", "refund.created", "refund.updated", "refund.failed", "charge.refund.updated"];

#[tokio::test]
async fn refund_in_the_dashboard_is_recorded_once() {
    let order = PaidOrder::with_card("pm_card_visa").await;
    order.payments.marketplace.refund_in_dashboard(500).await;
    for kind in KINDS {
        assert_eq!(order.report(&format!("evt_{kind}"), kind).await, 200);
    }
    let refunds = order.order().await.refunds;
    assert_eq!(
        (refunds.len(), refunds[0].amount, refunds[0].status),
        (1, cents(500), RefundStatus::Succeeded)
    );
    assert_eq!(refunds[0].reason, "refunded at the payment gateway");
    assert_eq!((order.order().await.status, order.refunded().await), (OrderStatus::Confirmed, 500));

    order.payments.marketplace.refund_in_dashboard(3_498).await;
    assert_eq!(order.report("evt_rest", "charge.refunded").await, 200);
    assert_eq!((order.order().await.status, order.refunded().await), (OrderStatus::Refunded, 3_998));
    assert_eq!(order.payments.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn pending_refund_is_made_when_the_gateway_reports_it() {
    let order = PaidOrder::with_card("pm_card_pendingRefund").await;
    order.payments.marketplace.refund_by_seller(None).await;
    order.request_refunds().await;
    assert_eq!(order.report("evt_1", "refund.updated").await, 200);
    assert_eq!((order.statuses().await, order.refunded().await), (vec![RefundStatus::Pending], 0));
    assert_eq!(order.order().await.status, OrderStatus::Confirmed);
    order.payments.marketplace.settle_refund().await;
    assert_eq!(order.report("evt_2", "refund.updated").await, 200);
    assert_eq!((order.statuses().await, order.refunded().await), (vec![RefundStatus::Succeeded], 3_998));
    assert_eq!(order.order().await.status, OrderStatus::Refunded);
}

#[tokio::test]
async fn refund_that_fails_later_can_be_requested_again() {
    for (cancels, status) in [(true, OrderStatus::Cancelled), (false, OrderStatus::Refunded)] {
        let order = PaidOrder::with_card("pm_card_refundFail").await;
        let marketplace = &order.payments.marketplace;
        if cancels {
            marketplace.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
        } else {
            marketplace.refund_by_seller(None).await;
        }
        order.request_refunds().await;
        assert_eq!((order.order().await.status, order.refunded().await), (status, 3_998));
        order.payments.marketplace.settle_refund().await;
        for event in ["evt_1", "evt_1", "evt_2"] {
            assert_eq!(order.report(event, "refund.failed").await, 200);
        }
        assert_eq!((order.statuses().await, order.refunded().await), (vec![RefundStatus::Failed], 0));
        let failed = order.order().await;
        assert_eq!(failed.status, status, "the order keeps its status");
        let last = failed.timeline.last().unwrap();
        assert_eq!(last.reason.as_deref(), Some("refund of 3998 EUR failed: expired_or_canceled_card"));
        assert_eq!(failed.due_refund(), None, "nothing retries by itself");

        marketplace.refund_by_seller(None).await;
        order.request_refunds().await;
        assert_eq!((order.order().await.status, order.refunded().await), (status, 3_998));
    }
}

#[tokio::test]
async fn webhook_is_delivered_again_after_an_outage_of_the_gateway() {
    let order = PaidOrder::with_card("pm_card_visa").await;
    order.payments.marketplace.refund_in_dashboard(500).await;
    let sandbox = order.payments.marketplace.table.stack().payments();
    sandbox.add_fault_rule(Rule::on(Operation::RetrieveRefund, Effect::Fail { status: 503 }));
    assert_eq!(order.report("evt_1", "refund.created").await, 503);
    sandbox.clear_fault_rules();
    assert_eq!(order.report("evt_1", "refund.created").await, 200);
    assert_eq!(order.refunded().await, 500);
}

#[tokio::test]
async fn refund_of_another_payment_is_ignored() {
    let order = PaidOrder::with_card("pm_card_visa").await;
    let body =
        |object: Value| json!({ "id": "evt_1", "type": "refund.created", "data": { "object": object } });
    for object in [json!({}), json!({ "payment_intent": null }), json!({ "payment_intent": "pi_unknown" })] {
        assert_eq!(order.payments.report(&body(object)).await.status, 200);
    }
    assert!(order.order().await.refunds.is_empty());
}
